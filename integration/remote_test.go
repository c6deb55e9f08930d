//go:build integration

package integration

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"jetkit/integration/harness"
)

// A daemon on another machine: buildx reaches it by TCP, and both sides show a certificate.
func TestRemoteBuilder(t *testing.T) {
	t.Parallel()
	daemon := remoteDaemon(t)
	p := newProject(t, files{
		"jetson.yaml":               "packages: [probe]\n",
		"packages/probe/Dockerfile": dockerfile("name: probe\ntest: test.sh", "COPY data.txt /probe\n"),
		"packages/probe/data.txt":   "probe of @ID@\n",
		"packages/probe/test.sh":    script("grep -q 'probe of' /probe"),
	})
	inspect := shared.BuildxCommand(t.Context(), harness.BuildxRun{Daemon: daemon, Args: []string{"inspect"}})
	require.NoError(t, inspect.Err())
	assertContains(t, inspect.Stdout, "remote", daemon.TCPAddr, "running")

	b := p.build(t, on(daemon), push())
	b.assertExecuted(t, "[probe 1/1] COPY data.txt /probe", "[test probe] test.sh")
	assert.Equal(t, "probe of "+p.id+"\n", b.file(t, "/probe"), "/probe")

	stranger, err := harness.NewCertificates(t.TempDir())
	require.NoError(t, err)
	own := daemon.Certificates
	for _, c := range []struct {
		name string
		harness.Certificates
		want string
	}{
		{"no client certificate", harness.Certificates{CA: own.CA, ServerName: own.ServerName}, "tls: certificate required"},
		{"a client of another authority", harness.Certificates{CA: own.CA, Cert: stranger.Cert, Key: stranger.Key, ServerName: own.ServerName}, "tls: unknown certificate authority"},
		{"a server of another authority", harness.Certificates{CA: stranger.CA, Cert: own.Cert, Key: own.Key, ServerName: own.ServerName}, "certificate signed by unknown authority"},
		{"a server of another name", harness.Certificates{CA: own.CA, Cert: own.Cert, Key: own.Key, ServerName: "elsewhere.test"}, "not elsewhere.test"},
	} {
		t.Run(c.name, func(t *testing.T) {
			assertContains(t, inspectRemote(t, daemon.TCPAddr, c.Certificates), "inactive")
			err := handshake(t, daemon.TCPAddr, c.Certificates)
			require.Error(t, err, "the connection should end with")
			assert.Contains(t, err.Error(), c.want, "the connection should end with")
		})
	}
	assertContains(t, inspectRemote(t, daemon.TCPAddr, harness.Certificates{}), "inactive")
	assertContains(t, inspectRemote(t, daemon.TCPAddr, *own), "running")
	assert.NoError(t, handshake(t, daemon.TCPAddr, *own))
}

// inspectRemote makes a builder of the remote driver and says what buildx thinks of it.
func inspectRemote(t *testing.T, addr string, c harness.Certificates) string {
	t.Helper()
	builder := fmt.Sprintf("jetkit-remote-%d", projects.Add(1))
	args := []string{"create", "--driver", "remote", "--name", builder}
	for key, value := range map[string]string{"cacert": c.CA, "cert": c.Cert, "key": c.Key, "servername": c.ServerName} {
		if value != "" {
			args = append(args, "--driver-opt", key+"="+value)
		}
	}
	var answer harness.Result
	for _, args := range [][]string{append(args, addr), {"inspect", builder}} {
		answer = shared.BuildxCommand(t.Context(), harness.BuildxRun{Args: args})
		require.NoError(t, answer.Err())
	}
	return answer.Stdout
}

// handshake connects as a client with these certificates does, and gives the reason if one side refuses. buildx says
// "context deadline exceeded" for all of them.
func handshake(t *testing.T, addr string, c harness.Certificates) error {
	t.Helper()
	authority, err := os.ReadFile(c.CA)
	require.NoError(t, err)
	config := &tls.Config{ServerName: c.ServerName, RootCAs: x509.NewCertPool(), NextProtos: []string{"h2"}}
	require.True(t, config.RootCAs.AppendCertsFromPEM(authority), "%s holds no certificate", c.CA)
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		require.NoError(t, err)
		config.Certificates = []tls.Certificate{pair}
	}
	dialer := &tls.Dialer{Config: config}
	conn, err := dialer.DialContext(t.Context(), "tcp", strings.TrimPrefix(addr, "tcp://"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // nothing is lost when that fails
	// With TLS 1.3 a client learns what the daemon thinks of its certificate when it first reads. A daemon that lets it
	// in begins with HTTP/2's settings.
	_, err = conn.Read(make([]byte, 1))
	return err
}
