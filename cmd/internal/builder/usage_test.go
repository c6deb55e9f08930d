package builder

import (
	"bytes"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	now     = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	used    = now.Add(-3 * time.Hour)
	records = []*client.UsageInfo{
		{
			ID: "abc", Size: 12_000_000, CreatedAt: now.Add(-time.Hour), LastUsedAt: &used, UsageCount: 2, Parents: []string{"def", "ghi"},
			Description: "RUN make \x1b[2J", RecordType: client.UsageRecordTypeRegular, Mutable: true, Shared: true,
		},
		{ID: "xyz", Size: 500, CreatedAt: now, InUse: true, RecordType: client.UsageRecordTypeCacheMount},
	}
)

// TestUsageForms prints records in the forms of docker buildx du.
func TestUsageForms(t *testing.T) {
	for format, want := range map[string]string{
		"": `ID        RECLAIMABLE   SIZE      LAST ACCESSED
abc*      true          12MB*     3 hours ago
xyz       false         500B      
Shared:		12MB
Private:	500B
Reclaimable:	12MB
Total:		12MB
`,
		"pretty": `ID:           abc
Parents:
 - def
 - ghi
Created at:   2026-11-26 11:00:00 +0000 UTC
Mutable:      true
Reclaimable:  true
Shared:       true
Size:         12MB
Description:  RUN make \x1b[2J
Usage count:  2
Last used:    3 hours ago
Type:         regular

ID:           xyz
Created at:   2026-11-26 12:00:00 +0000 UTC
Mutable:      false
Reclaimable:  false
Shared:       false
Size:         500B
Usage count:  0
Type:         exec.cachemount

Shared:		12MB
Private:	500B
Reclaimable:	12MB
Total:		12MB
`,
		"json": `{"CreatedAt":"2026-11-26 11:00:00 +0000 UTC","Description":"RUN make \u001b[2J","ID":"abc","LastUsedAt":"3 hours ago","Mutable":true,"Parents":["def","ghi"],"Reclaimable":true,"Shared":true,"Size":"12MB","Type":"regular","UsageCount":2}
{"CreatedAt":"2026-11-26 12:00:00 +0000 UTC","Description":"","ID":"xyz","LastUsedAt":"","Mutable":false,"Parents":null,"Reclaimable":false,"Shared":false,"Size":"500B","Type":"exec.cachemount","UsageCount":0}
`,
		`{{.ID}}\t{{.Size}}`:            "abc       12MB\nxyz       500B\n",
		"table {{.Type}}\t{{.Mutable}}": "TYPE              MUTABLE\nregular           true\nexec.cachemount   false\n",
		"{{json .ID}}":                  "\"abc\"\n\"xyz\"\n",
	} {
		f, err := parseForm(format)
		require.NoError(t, err)
		var out bytes.Buffer
		require.NoError(t, f.print(&out, usagesOf(records, f, now)))
		if f.summed {
			require.NoError(t, printSummary(&out, records))
		}
		assert.Equal(t, want, out.String(), format)
	}
	_, err := parseForm("{{.ID")
	require.ErrorContains(t, err, "it can be table, pretty, json or a Go template")
	f, err := parseForm("{{.Name}}")
	require.NoError(t, err)
	require.ErrorContains(t, f.print(&bytes.Buffer{}, usagesOf(records, f, now)), "can't evaluate field Name")
}

func TestFilters(t *testing.T) {
	for _, test := range []struct {
		filters []string
		age     time.Duration
		want    string
		wrong   string
	}{
		{},
		{filters: []string{"until=24h"}, age: 24 * time.Hour},
		{filters: []string{"unused-for=90m", "type=exec.cachemount"}, age: 90 * time.Minute, want: "type==exec.cachemount"},
		{filters: []string{"id=abc", "description~=apt", "type!=regular", "shared", "INUSE=false"}, want: "id~=abc,description~=apt,type!=regular,shared,inuse==false"},
		{filters: []string{"until=yesterday"}, wrong: `--filter until: "yesterday" is no duration`},
		{filters: []string{"until=1h", "unused-for=1h"}, wrong: "one filter with two names"},
		{filters: []string{"id=a", "id=b"}, wrong: "--filter id: it can be given once"},
		{filters: []string{"=x"}, wrong: "not of the form NAME=VALUE"},
		{filters: []string{"id=a,type=b"}, wrong: "not of the form NAME=VALUE"},
	} {
		got, err := ParseFilters(test.filters)
		if test.wrong != "" {
			assert.ErrorContains(t, err, test.wrong)
			continue
		}
		assert.NoError(t, err)
		assert.Equal(t, test.age, got.KeepDuration)
		assert.Equal(t, []string{test.want}, got.Filter)
	}
}

func TestPrintRemoved(t *testing.T) {
	for verbose, want := range map[bool]string{
		false: "ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED\n" +
			"abc*                                    \ttrue \t12MB*     \t3 hours ago\n" +
			"xyz                                     \tfalse\t500B      \t\n",
		true: "Description:  RUN make \\x1b[2J\n",
	} {
		removed := make(chan client.UsageInfo, len(records))
		for _, r := range records {
			removed <- *r
		}
		close(removed)
		var out bytes.Buffer
		assert.EqualValues(t, 12_000_500, printRemoved(&out, removed, verbose, now))
		if verbose {
			assert.Contains(t, out.String(), want)
			continue
		}
		assert.Equal(t, want, out.String())
	}
}
