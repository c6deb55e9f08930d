package run

import (
	"fmt"
	"path/filepath"

	"jetkit/cmd/internal/userdir"
)

// data mounts the folder for models and data.
func (p *planner) data() {
	folder, why, made, err := p.dataFolder()
	switch {
	case err != nil:
		p.errs = append(p.errs, err)
		return
	case folder == "":
		p.warn("data: there is no home folder to keep /data in: set JETKIT_DATA to a folder")
		return
	case made:
		p.plan.Files = append(p.plan.Files, File{Path: folder, Mode: 0o755 | dirMode, Why: why})
	}
	p.mount(folder, "/data")
	p.found[len(p.found)-1].Reason += ": " + why
}

// dataFolder decides which folder it is, and whether it has to be made.
func (p *planner) dataFolder() (folder, why string, made bool, err error) {
	if folder, set := p.Env("JETKIT_DATA"); set && folder != "" {
		if !filepath.IsAbs(folder) {
			folder = filepath.Join(p.WorkDir, folder)
		}
		if !isDir(folder) {
			return "", "", false, fmt.Errorf("JETKIT_DATA names %s, which is no folder: make it, or leave /data out by --without data", folder)
		}
		return folder, "JETKIT_DATA", false, nil
	}
	if folder := p.checkoutData(); folder != "" {
		return folder, "data of the checkout of jetson-containers", false, nil
	}
	base := userdir.Data(p.Env)
	if base == "" {
		return "", "", false, nil
	}
	folder = filepath.Join(base, "jetkit", "data")
	return folder, "your own", !isDir(folder), nil
}

// checkoutData finds the folder data of a checkout of jetson-containers: that around the current folder, or that whose
// command is on the PATH. It is empty if there is none.
func (p *planner) checkoutData() string {
	var roots []string
	for dir := p.WorkDir; dir != "" && dir != "/" && dir != "."; dir = filepath.Dir(dir) {
		roots = append(roots, dir)
	}
	if command, err := p.LookPath("jetson-containers"); err == nil {
		if command, err = filepath.EvalSymlinks(command); err == nil {
			roots = append(roots, filepath.Dir(command))
		}
	}
	for _, root := range roots {
		if isFile(filepath.Join(root, "run.sh")) && isDir(filepath.Join(root, "jetson_containers")) && isDir(filepath.Join(root, "data")) {
			return filepath.Join(root, "data")
		}
	}
	return ""
}
