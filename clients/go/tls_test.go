package seaway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// authority vouches for brokers and clients.
type authority struct {
	t           *testing.T
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	serial      int64
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	var der []byte
	der, a.key = a.sign(template, template, nil)
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a.certificate = certificate
	return a
}

// sign makes a key and the certificate for it, signed by the parent's key, or by itself.
func (a *authority) sign(template, parent *x509.Certificate, by *ecdsa.PrivateKey) ([]byte, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	if by == nil {
		by = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		a.t.Fatal(err)
	}
	return der, key
}

// issue makes a certificate for a host and returns it with its key, in PEM.
func (a *authority) issue(host string) (certificate, key []byte) {
	a.t.Helper()
	a.serial++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1 + a.serial), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, private := a.sign(template, a.certificate, a.key)
	bytes, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		a.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: bytes})
}

func (a *authority) trust() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return &tls.Config{RootCAs: pool}
}

func (a *authority) file() string {
	return a.write("authority.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.certificate.Raw}))
}

func (a *authority) write(name string, content []byte) string {
	a.t.Helper()
	path := filepath.Join(a.t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		a.t.Fatal(err)
	}
	return path
}

// secureBroker starts a broker that speaks TLS, with a certificate for localhost, and returns its port.
func secureBroker(t *testing.T, a *authority, options ...string) string {
	t.Helper()
	certificate, key := a.issue("localhost")
	options = append(options, "--tls-certificate", a.write("broker.pem", certificate), "--tls-key", a.write("broker.key", key))
	address, _ := startBroker(t, append([]string{"--listen", "tls://127.0.0.1:0"}, options...)...)
	return address[strings.LastIndex(address, ":"):]
}

func secureClient(t *testing.T, address string, config *tls.Config) *Client {
	return secureClientWaiting(t, patience, address, config)
}

func secureClientWaiting(t *testing.T, wait time.Duration, address string, config *tls.Config) *Client {
	t.Helper()
	client := New(address, Options{TLS: config, Wait: wait, Backoff: 10 * time.Millisecond, Logger: &testLogger{t: t}})
	t.Cleanup(func() { client.Close(limited(t)) })
	return client
}

// sendingInVain is what a send says where no broker can be trusted, or trusts this client.
func sendingInVain(t *testing.T, address string, config *tls.Config) error {
	t.Helper()
	client := secureClientWaiting(t, time.Millisecond, address, config)
	// Before the first attempt has failed there is no reason to tell.
	until(t, func() bool { return client.reasonOffline() != nil })
	return client.Send(limited(t), "a", Message{})
}

func TestMessagesGoThroughTLS(t *testing.T) {
	a := newAuthority(t)
	port := secureBroker(t, a)
	client, ctx := secureClient(t, "tls://localhost"+port, a.trust()), limited(t)
	listener, err := client.Listen(ctx, "chat.log", 5)
	if err != nil {
		t.Fatal(err)
	}
	// More than a record of TLS holds.
	large := strings.Repeat("kanäle ", 100_000)
	if err := client.Send(ctx, "chat.log", Message{"text": large}); err != nil {
		t.Fatal(err)
	}
	got, err := listener.Receive(ctx)
	if err != nil || got.Message.Text("text") != large {
		t.Error(err, len(got.Message.Text("text")))
	}
}

func TestSeveralBrokersMaySpeakTLS(t *testing.T) {
	a := newAuthority(t)
	addresses := []string{"tls://localhost" + secureBroker(t, a), "tls://localhost" + secureBroker(t, a)}
	client, err := NewSharded(addresses, Options{TLS: a.trust(), Failover: 10 * time.Second, Logger: &testLogger{t: t}})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close(limited(t))
	listener, err := client.Listen(limited(t), "chat.log", 5)
	if err != nil {
		t.Fatal(err)
	}
	for count := 0; count < 4; count++ {
		if err := client.Send(limited(t), "chat.log", Message{}); err != nil {
			t.Fatal(err)
		}
		if _, err := listener.Receive(limited(t)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestABrokerThatCannotBeTrustedIsNotSpokenTo(t *testing.T) {
	a := newAuthority(t)
	port := secureBroker(t, a)
	for _, test := range []struct {
		address string
		config  *tls.Config
		reason  string
	}{
		{"tls://localhost" + port, nil, "unknown authority"},
		{"tls://127.0.0.1" + port, a.trust(), "127.0.0.1"},
	} {
		err := sendingInVain(t, test.address, test.config)
		if !errors.Is(err, ErrOffline) || !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%s: %v", test.address, err)
		}
	}
}

func TestACertificateOfTheClientIsShown(t *testing.T) {
	a, clients := newAuthority(t), newAuthority(t)
	port := secureBroker(t, a, "--tls-client-ca", clients.file())
	err := sendingInVain(t, "tls://localhost"+port, a.trust())
	if !errors.Is(err, ErrOffline) {
		t.Error(err)
	}
	pair, err := tls.X509KeyPair(clients.issue("worker.example.org"))
	if err != nil {
		t.Fatal(err)
	}
	config := a.trust()
	config.Certificates = []tls.Certificate{pair}
	if err := secureClient(t, "tls://localhost"+port, config).Send(limited(t), "a", Message{}); err != nil {
		t.Error(err)
	}
}

func TestATokenAllowsWhatItSays(t *testing.T) {
	binary := os.Getenv("SEAWAY_BIN")
	if binary == "" {
		t.Skip("SEAWAY_BIN does not name a seaway binary")
	}
	tokens := filepath.Join(t.TempDir(), "tokens")
	token, err := exec.Command(binary, "token", "add", "me", "--tokens", tokens, "--send", "a", "--listen", "a").Output()
	if err != nil {
		t.Fatal(err)
	}
	address := realBroker(t, "--tokens", tokens)
	ctx := limited(t)
	client := New(address, Options{Token: strings.TrimSpace(string(token)), Logger: &testLogger{t: t}})
	defer client.Close(ctx)
	if err := client.Send(ctx, "a", Message{}); err != nil {
		t.Error(err)
	}
	if err := client.Send(ctx, "b", Message{}); !errors.Is(err, ErrDenied) {
		t.Error(err)
	}
	if _, err := client.Listen(ctx, "b", 1); !errors.Is(err, ErrDenied) {
		t.Error(err)
	}
	if err := client.Join(ctx, "g", "a"); !errors.Is(err, ErrDenied) {
		t.Error(err)
	}
	stranger := New(address, Options{Token: "me.wrong", Logger: &testLogger{t: t}})
	defer stranger.Close(ctx)
	if err := stranger.Send(ctx, "a", Message{}); !errors.Is(err, ErrAuth) {
		t.Error(err)
	}
}
