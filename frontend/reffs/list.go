package reffs

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/moby/buildkit/frontend/gateway/client"
	fstypes "github.com/tonistiigi/fsutil/types"

	"jetkit/pkgspec/cachefs"
)

const (
	// listFile is where BuildKit puts the descriptions of all files of a transfer
	// that leaves out contents (fsutil's metadata transfer): each one's size in
	// four bytes, little-endian, and a Stat message.
	listFile = ".fsutil-metadata"
	// maxList bounds that file, in bytes: about a million files.
	maxList = 128 << 20
)

// List is what a folder of the client's holds, by name: what there is to read
// before it is decided what to transfer.
type List struct {
	folders map[string][]fs.DirEntry
}

// ReadList reads the list that a transfer without contents left.
func ReadList(ctx context.Context, ref client.Reference) (*List, error) {
	dt, err := ReadAll(ctx, ref, listFile, maxList)
	if err != nil {
		return nil, fmt.Errorf("reading the list of files: %w", err)
	}
	l := &List{folders: map[string][]fs.DirEntry{".": nil}}
	for len(dt) > 0 {
		size := uint32(0)
		if len(dt) >= 4 {
			size = binary.LittleEndian.Uint32(dt)
		}
		if len(dt) < 4 || int64(size) > int64(len(dt)-4) {
			return nil, errors.New("the builder's list of files is cut off")
		}
		stat := &fstypes.Stat{}
		if err := stat.UnmarshalVT(dt[4 : 4+size]); err != nil {
			return nil, fmt.Errorf("reading the list of files: %w", err)
		}
		l.add(stat)
		dt = dt[4+size:]
	}
	return l, nil
}

func (l *List) add(stat *fstypes.Stat) {
	name := path.Clean(stat.GetPath())
	l.folders[path.Dir(name)] = append(l.folders[path.Dir(name)], info{stat})
	if _, known := l.folders[name]; !known && fs.FileMode(stat.GetMode()).IsDir() {
		l.folders[name] = nil
	}
}

// ReadDir lists a folder.
func (l *List) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, ok := l.folders[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return entries, nil
}

// ReadLink returns the target of a symbolic link.
func (l *List) ReadLink(name string) (string, error) {
	return linkIn(l.folders[path.Dir(name)], path.Base(name))
}

// With adds the contents of files to the list.
func (l *List) With(contents *Reference) cachefs.Source { return listed{l, contents} }

// listed is a list whose files can be read.
type listed struct {
	*List
	contents *Reference
}

func (l listed) ReadFile(name string) ([]byte, error) { return l.contents.ReadFile(name) }
