# shellcheck shell=sh disable=SC2016,SC2034,SC2154 # its names are those of test.sh and testing.sh
# Part of test.sh: TLS and tokens, and what a broker may answer.

# ---- TLS and tokens

# Certificates of an authority: for the broker as localhost, and for a client.
issue() { # NAME SUBJECT-ALTERNATIVE-NAME
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout "$work/$1.key" \
        -out "$work/$1.csr" 2>/dev/null
    echo "subjectAltName=$2" >"$work/$1.ext"
    openssl x509 -req -in "$work/$1.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
        -extfile "$work/$1.ext" -out "$work/$1.pem" 2>/dev/null
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=authority \
    -addext basicConstraints=critical,CA:TRUE -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
issue broker DNS:localhost
issue me DNS:me

token=$("$SEAWAY_BIN" token add me --tokens "$work/tokens" --send 'a,b' --listen a --join nothing)
"$SEAWAY_BIN" token add operator --tokens "$work/tokens" --admin '*' >/dev/null
: >"$work/secure.log"
"$SEAWAY_BIN" broker --listen tls://127.0.0.1:0 --tls-certificate "$work/broker.pem" --tls-key "$work/broker.key" \
    --tls-client-ca "$work/ca.pem" --tokens "$work/tokens" >"$work/secure.log" 2>&1 &
secureBroker=$!
untilListening "$work/secure.log" 1
securePort=$(sed -n 's/.*address=tls:\/\/127\.0\.0\.1:\([0-9]*\) .*/\1/p' "$work/secure.log")
export SEAWAY_BROKER="tls://localhost:$securePort" SEAWAY_TLS_CA="$work/ca.pem" SEAWAY_TOKEN="$token" \
    SEAWAY_TLS_CERTIFICATE="$work/me.pem" SEAWAY_TLS_KEY="$work/me.key"
exits 'a message goes through TLS' 0 send a '{"text":"QUIT"}'
is 'and comes back' 'a	{"text":"QUIT"}' "$(client listen --count 1 a)"
client send a - <"$work/large"
client listen --count 1 a | sed 's/^a	//' | tr -d '\n' >"$work/got"
isWhole "a body of $(wc -c <"$work/large") bytes goes through TLS" "$work/large" "$work/got"
exits 'a token does not allow what it does not say' 1 send c '{}'
is 'and the broker says so' 'seaway.sh: SEND c: ERR denied' "$(cut -d ' ' -f 1-5 "$work/stderr")"
SEAWAY_TOKEN=me.wrong exits 'a token that is none' 1 send a '{}'
SEAWAY_BROKER="tls://127.0.0.1:$securePort" exits 'a certificate for another host' 69 send a '{}'
is 'is told' 'IP address mismatch' "$(sed 's/.*: //' "$work/stderr")"
SEAWAY_TLS_CA='' exits 'an authority that nobody knows' 69 send a '{}'
is 'is told too' 'unable to get local issuer certificate' "$(sed 's/.*: //' "$work/stderr")"
SEAWAY_TLS_CERTIFICATE='' exits 'no certificate where one is asked for' 69 send a '{}'
unset SEAWAY_TLS_CA SEAWAY_TLS_CERTIFICATE SEAWAY_TLS_KEY SEAWAY_TOKEN
SEAWAY_BROKER="127.0.0.1:$port"
kill "$secureBroker"
wait "$secureBroker"
is 'the broker with TLS leaves' 0 $?

# A broker of one connection that says what it is told to.
fake() {
    rm -f "$work/fake"
    printf 'HELLO 1 id=1 epoch=1\n%b' "$1" | timeout 10 nc -l -N -U "$work/fake" >"$work/heard" &
    fake=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        [ ! -S "$work/fake" ] || break
        sleep 0.1
    done
}
for answer in 'ERR closing leaving\n=75' 'ERR limit of=memory\n=75' 'ERR store away\n=75' 'ERR maybe stored or not\n=74' 'ERR gone\n=1' 'ERR shiny and new\n=1' 'PING\nSHINY 1\nOK\n=0' 'BYE shutdown in=5\nOK\n=0' '=74'; do
    fake "${answer%=*}"
    SEAWAY_BROKER="unix:$work/fake" exits "the answer '${answer%=*}'" "${answer##*=}" send a '{"n":1}'
    wait "$fake"
done
is 'what is said is exact' 'HELLO 1 format=json client=sh SEND :7 a {"n":1}' "$(tr '\n' ' ' <"$work/heard" | sed 's/ $//')"
