//go:build linux

package harness

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// serverName is what the certificates of daemons are made out for, besides 127.0.0.1.
const serverName = "buildkitd.test"

// Certificates are the files of mutual TLS between one daemon and its clients. A daemon has an authority of its own, so
// certificates of one do not open another.
type Certificates struct {
	// CA is the authority that signed the other two.
	CA string
	// Cert and Key are a client's, ServerCert and ServerKey the daemon's.
	Cert, Key             string
	ServerCert, ServerKey string
	// ServerName is the host name that the daemon's certificate is for.
	ServerName string
}

// NewCertificates makes an authority and lets it sign a certificate for a daemon and one for a client. They are good
// for a day, which no test outlives.
func NewCertificates(dir string) (*Certificates, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	c := &Certificates{
		CA:         filepath.Join(dir, "ca.pem"),
		Cert:       filepath.Join(dir, "client.pem"),
		Key:        filepath.Join(dir, "client-key.pem"),
		ServerCert: filepath.Join(dir, "server.pem"),
		ServerKey:  filepath.Join(dir, "server-key.pem"),
		ServerName: serverName,
	}
	authority, err := newCertificate(&x509.Certificate{
		Subject:               pkix.Name{CommonName: "authority"},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}, nil)
	if err != nil {
		return nil, err
	}
	server, err := newCertificate(&x509.Certificate{
		Subject:     pkix.Name{CommonName: serverName},
		DNSNames:    []string{serverName},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, authority)
	if err != nil {
		return nil, err
	}
	client, err := newCertificate(&x509.Certificate{
		Subject:     pkix.Name{CommonName: "client"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, authority)
	if err != nil {
		return nil, err
	}
	for _, file := range []struct {
		name, kind string
		content    []byte
	}{
		{c.CA, "CERTIFICATE", authority.cert.Raw},
		{c.ServerCert, "CERTIFICATE", server.cert.Raw},
		{c.ServerKey, "PRIVATE KEY", server.key},
		{c.Cert, "CERTIFICATE", client.cert.Raw},
		{c.Key, "PRIVATE KEY", client.key},
	} {
		text := pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: file.content})
		if err := os.WriteFile(file.name, text, 0o600); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// certificate is one with its private key.
type certificate struct {
	cert   *x509.Certificate
	key    []byte // PKCS #8
	signer *ecdsa.PrivateKey
}

// newCertificate has the issuer, or without one the new key itself, sign a certificate.
func newCertificate(template *x509.Certificate, issuer *certificate) (*certificate, error) {
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	const serialBits = 120
	template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), serialBits))
	if err != nil {
		return nil, err
	}
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().AddDate(0, 0, 1)
	parent, signs := template, signer
	if issuer != nil {
		parent, signs = issuer.cert, issuer.signer
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, signer.Public(), signs)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		return nil, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(signer)
	return &certificate{cert: cert, key: key, signer: signer}, err
}
