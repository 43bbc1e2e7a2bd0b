#!/usr/bin/env php
<?php
// A worker for Seaway in PHP alone: answers HTTP requests and tells a group of each.
//
//     seaway up &  php stub.php [HOST:PORT]  &  curl localhost:8000/moon
//
// SEAWAY_TOKEN is shown to a broker that has tokens. All that crosses the wire is in protocol/PROTOCOL.md;
// protocol/CLIENT.md goes through it step by step.
declare(strict_types=1);

$address = $argv[1] ?? '127.0.0.1:7411';
$context = stream_context_create(['socket' => ['tcp_nodelay' => true]]);
$broker = @stream_socket_client("tcp://$address", $number, $why, 10, STREAM_CLIENT_CONNECT, $context)
    or give_up("no broker at $address: $why");
stream_set_timeout($broker, 86400);  // PHP's own is 60 s; heartbeats come every 20 s
$inbox = [];  // messages that came while an answer was waited for

function give_up(string $text): never
{
    fwrite(STDERR, "seaway: $text\n");
    exit(1);
}

// Writes one frame: a line of words, then a body of as many bytes as the second word says, and an LF behind each.
function say(string $line, ?array $message = null): void
{
    global $broker;
    $frame = "$line\n";
    if ($message !== null) {
        $body = json_encode($message, JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
        [$verb, $words] = explode(' ', $line, 2);
        $frame = "$verb :" . strlen($body) . " $words\n$body\n";  // strlen counts bytes, not characters
    }
    fwrite($broker, $frame) === strlen($frame) or give_up('the connection is over');
}

// Reads one frame: the words of its line, and the message in its body, if it has one.
function read(): array
{
    global $broker;
    $line = fgets($broker);
    $line !== false or give_up('the broker has closed the connection');
    $words = explode(' ', rtrim($line, "\r\n"));
    if (!str_starts_with($words[1] ?? '', ':')) {
        return [$words, null];
    }
    $size = (int) substr($words[1], 1) + 1;  // with the LF behind it, which JSON passes over
    $body = stream_get_contents($broker, $size);
    strlen($body) === $size or give_up('the broker has closed the connection');
    return [$words, json_decode($body, true, 70, JSON_THROW_ON_ERROR)];
}

// Takes what comes by itself, between answers. A verb that it does not know is of a newer broker, and passed over.
function push(array $words, ?array $message): void
{
    global $inbox;
    match ($words[0]) {
        'MSG' => $inbox[] = $message,
        'PING' => say('PONG'),  // the broker asks whether we live
        'BYE' => give_up('the broker ends the connection: ' . implode(' ', array_slice($words, 1))),
        default => null,
    };
}

// Says a request and waits for its answer; answers come in the order of the requests. False when it was refused.
function ask(string $line, ?array $message = null): bool
{
    say($line, $message);
    while (true) {
        [$words, $body] = read();
        if ($words[0] === 'ERR') {
            $why = implode(' ', array_slice($words, 1));
            fwrite(STDERR, 'seaway: ' . strtok($line, ' ') . " was refused: $why\n");
            return false;
        }
        if ($words[0] === 'OK' || $words[0] === 'HELLO') {
            return true;
        }
        push($words, $body);
    }
}

$token = getenv('SEAWAY_TOKEN') ? ' token=' . getenv('SEAWAY_TOKEN') : '';
ask("HELLO 1 format=json client=stub-php heartbeat=20000$token") or exit(1);
ask('LISTEN http.request') or exit(1);
while (true) {
    say('READY 1');  // one message may come; it is granted again when that is done, and READY has no answer
    while (!$inbox) {
        push(...read());
    }
    $request = array_shift($inbox);
    // The answer goes to the channel that the request names: protocol/INTERFACE.md, sections 2 and 3.
    ask("SEND {$request['reply_channel']}", ['status' => 200, 'content' => "hello from php: {$request['path']}\n"]);
    // Every member of the group gets this; a browser's socket that has joined shows the text.
    ask('GSEND stubs', ['text' => "php has answered {$request['path']}"]);
}
