package lint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"jetkit/llb/lint"
	"jetkit/pkgspec/diag"
)

// TestCheck has what is no fault beside what is one.
func TestCheck(t *testing.T) {
	on := func(text string) string { return "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\n" + text }
	for name, test := range map[string]struct {
		// dockerfile is what follows FROM ${BASE_IMAGE}, or all of one that has a FROM.
		dockerfile string
		// want has rule and line of each finding.
		want string
	}{
		"nothing":              {dockerfile: "RUN true\n"},
		"not a Dockerfile":     {dockerfile: "FROM a\nRUNN x\n"},
		"not a script":         {dockerfile: "RUN pip install x || true && (\n"},
		"another shell":        {dockerfile: "SHELL [\"pwsh\", \"-c\"]\nRUN pip install x || true\n"},
		"another program":      {dockerfile: "RUN <<EOF\n#!/usr/bin/env python3\nprint(1) or make\nEOF\n"},
		"the base, by a stage": {dockerfile: "FROM ${BASE_IMAGE} AS one\nFROM one AS two\nFROM TWO\nRUN true\n"},
		"another base":         {dockerfile: "FROM debian:12 AS one\nFROM one\n", want: "ignores-base 1"},
		"the base in part":     {dockerfile: "FROM ${BASE_IMAGE} AS one\nFROM debian:12\nCOPY --from=one / /\n", want: "ignores-base 2"},

		"no tag":                      {dockerfile: "FROM debian AS x\nFROM $BASE_IMAGE\nCOPY --from=x /a /\n", want: "unpinned-image 1"},
		"latest, of a port":           {dockerfile: "COPY --from=localhost:5000/x:latest /a /\n", want: "unpinned-image 3"},
		"only a port":                 {dockerfile: "COPY --from=localhost:5000/x /a /\n", want: "unpinned-image 3"},
		"mounted":                     {dockerfile: "RUN --mount=from=busybox,target=/x true\n", want: "unpinned-image 3"},
		"an argument's default":       {dockerfile: "ARG IMAGE=debian\nFROM ${IMAGE} AS x\nFROM $BASE_IMAGE\n", want: "unpinned-image 2"},
		"an argument without one":     {dockerfile: "ARG IMAGE\nFROM ${IMAGE} AS x\nFROM $BASE_IMAGE\n"},
		"a tag":                       {dockerfile: "COPY --from=localhost:5000/x:1 /a /\n"},
		"a digest":                    {dockerfile: "COPY --from=x@sha256:" + strings.Repeat("0", 64) + " /a /\n"},
		"a context, a stage, nothing": {dockerfile: "FROM scratch AS x\nFROM $BASE_IMAGE\nCOPY --from=models /a /\nCOPY --from=x /a /\nCOPY --from=0 /a /\nCOPY a /\n"},
		"skipped above it":            {dockerfile: "# check=skip=unpinned-image\nCOPY --from=x /a /\n"},
		"another is skipped above it": {dockerfile: "# check=skip=apt-lists\nCOPY --from=x /a /\n", want: "unpinned-image 4"},

		"a clone":                       {dockerfile: "RUN git clone https://x/y\n", want: "unpinned-git 3"},
		"a clone of a branch":           {dockerfile: "RUN cd /opt && \\\n  # ours\n  git clone --depth=1 -b master https://x/y\n", want: "unpinned-git 5"},
		"a clone by ssh":                {dockerfile: "RUN git clone git@x:y\n", want: "unpinned-git 3"},
		"a clone of a tag":              {dockerfile: "RUN git clone --branch=v1 https://x/y\n"},
		"a clone of what nobody knows":  {dockerfile: "ARG REF\nRUN git clone --branch=${REF} https://x/y\n"},
		"a clone of a default":          {dockerfile: "ENV REF=main\nRUN git clone --branch \"${REF}\" https://x/y\n", want: "unpinned-git 4"},
		"a clone of what may be set":    {dockerfile: "RUN git clone --branch ${REF:-main} https://x/y\n"},
		"a clone of the shell's own":    {dockerfile: "ARG A\nARG REF=${A}main\nRUN git clone --branch ${REF:-v1} https://x/y\n"},
		"and a commit":                  {dockerfile: "RUN git clone https://x/y && cd y && git checkout 0123\n"},
		"and a commit before":           {dockerfile: "RUN git -C x checkout 0123 && git clone https://x/y\n", want: "unpinned-git 3"},
		"a clone of a folder":           {dockerfile: "RUN git clone /src /dst && git clone file:///src\n"},
		"a clone in a condition":        {dockerfile: "RUN if true; then git clone https://x/y; fi\n", want: "unpinned-git 3"},
		"a text":                        {dockerfile: "RUN echo 'git clone https://x/y'\n"},
		"pip, of a branch":              {dockerfile: "RUN pip3 install 'x @ git+https://x/y@main'\n", want: "unpinned-git 3"},
		"pip, of a tag":                 {dockerfile: "RUN pip3 install git+https://x/y.git@v1#egg=x git+ssh://git@x/y@0123\n"},
		"pip, by ssh":                   {dockerfile: "RUN pip3 install git+ssh://git@x/y\n", want: "unpinned-git 3"},
		"uv":                            {dockerfile: "RUN uv pip install git+https://x/y\n", want: "unpinned-git 3"},
		"added":                         {dockerfile: "ADD git@x:y.git /y\n", want: "unpinned-git 3"},
		"added, of a default":           {dockerfile: "ARG REF=main\nADD https://x/y.git#${REF} /y\n", want: "unpinned-git 4"},
		"added, of a tag":               {dockerfile: "ADD https://x/y.git#v1:sub /y\nADD https://x/y.git?tag=v1 /y\nADD https://x/y.tar.gz /\n"},
		"added, a folder of the newest": {dockerfile: "ADD https://x/y.git#:sub /y\n", want: "unpinned-git 3"},

		"or true":                     {dockerfile: "RUN pip install x || true\n", want: "hidden-failure 3"},
		"or echo, of a chain":         {dockerfile: "RUN cd x && \\\n  make && \\\n  strip x || echo \"failed\"\n", want: "hidden-failure 4"},
		"or :, of an alternative":     {dockerfile: "RUN ./install.sh || ./build.sh || :\n", want: "hidden-failure 3"},
		"or exit 0":                   {dockerfile: "RUN (cd x; python3 setup.py install) || exit 0\n", want: "hidden-failure 3"},
		"as words":                    {dockerfile: "RUN [\"sh\", \"-c\", \"apt-get -y install x || true\"]\n", want: "hidden-failure 3"},
		"with sudo":                   {dockerfile: "RUN sudo -E env A=b apt-get install x || true\n", want: "hidden-failure 3"},
		"pip as a module":             {dockerfile: "RUN python3.10 -m pip install x || true\n", want: "hidden-failure 3"},
		"in a function's body":        {dockerfile: "RUN f() { cmake --build . || true; }; f\n", want: "hidden-failure 3"},
		"or says why and fails":       {dockerfile: "RUN pip install x || { echo failed; exit 1; }\n"},
		"or another way":              {dockerfile: "RUN pip install x || pip install y\n"},
		"what is no installation":     {dockerfile: "RUN mkdir x || true; apt-get update || true; apt-get purge x || echo none; make clean || true; pip uninstall x || true\n", want: "apt-lists 3"},
		"what dpkg lacks":             {dockerfile: "RUN dpkg -i x.deb || true; apt-get install -f -y\n"},
		"what dpkg lacks, not fixed":  {dockerfile: "RUN dpkg -i x.deb || true\n", want: "hidden-failure 3"},
		"asked first":                 {dockerfile: "RUN if ! pip install x; then exit 1; fi\n"},
		"commands behind it":          {dockerfile: "RUN <<EOF\ncd x\n\nmake -j4\nmake install\nEOF\n", want: "hidden-failure 6"},
		"commands behind it, set -e":  {dockerfile: "RUN <<EOF\nset -eux\nmake\n./install.sh\nEOF\n"},
		"commands behind it, by bash": {dockerfile: "RUN bash -e <<EOF\nmake\n./install.sh\nEOF\nRUN <<EOF\n#!/bin/bash -e\nmake\nls\nEOF\n"},
		"a shell that stops":          {dockerfile: "SHELL [\"/bin/bash\", \"-ec\"]\nRUN make; ls\n"},
		"the result is looked at":     {dockerfile: "RUN make; [ $? = 0 ] || exit 1\n"},
		"the last one":                {dockerfile: "RUN ls; make\n"},
		"a pipe":                      {dockerfile: "RUN make 2>&1 | tee log\n", want: "hidden-failure 3"},
		"a pipe into it":              {dockerfile: "RUN yes | apt-get install x\n"},
		"a pipe, pipefail":            {dockerfile: "RUN set -o pipefail && make | tee log\n"},
		"a heredoc for another":       {dockerfile: "RUN cat > x <<EOF\nmake || true\nEOF\n"},

		"one index":                   {dockerfile: "RUN pip install --index-url=https://x/y a\n", want: "pip-index 3"},
		"one index, of the shell":     {dockerfile: "RUN PIP_INDEX_URL=https://x/y pip install a\n", want: "pip-index 3"},
		"one index, of the image":     {dockerfile: "ENV PIP_INDEX_URL=https://x/y\nRUN pip install a\n", want: "pip-index 4"},
		"two":                         {dockerfile: "RUN pip install -i https://x/y --extra-index-url https://pypi.org/simple a\n"},
		"two, of the image":           {dockerfile: "ENV PIP_EXTRA_INDEX_URL=https://pypi.org/simple\nRUN pip install -i https://x/y a\n"},
		"PyPI":                        {dockerfile: "RUN pip install -i https://pypi.org/simple a\n"},
		"one that nobody knows":       {dockerfile: "ARG URL\nRUN pip install -i ${URL} a && pip install -i https://${HOST}/x a\n"},
		"or another way, of an index": {dockerfile: "RUN pip install -i https://x/y a || pip install a\n"},
		"a file":                      {dockerfile: "RUN pip install --no-deps -i https://x/y a.whl\n"},
		"what installs nothing":       {dockerfile: "RUN pip config set global.index-url https://x/y && pip list -i https://x/y\n"},

		"lists":                      {dockerfile: "RUN apt-get update && \\\n    apt-get install -y x\n", want: "apt-lists 3"},
		"lists, removed before":      {dockerfile: "RUN rm -rf /var/lib/apt/lists/* && \\\n    apt update\n", want: "apt-lists 4"},
		"lists, removed":             {dockerfile: "RUN apt-get -qq update && apt-get install x && rm -rf /var/lib/apt/lists/* /tmp/*\nRUN apt-get update && rm -rf /var/lib/apt/lists\n"},
		"lists, with all of apt's":   {dockerfile: "RUN apt-get update && find /var/lib/apt/lists -type f -delete; apt-get update; rm -r /var/lib/apt/*; apt update && apt dist-clean\n"},
		"lists in a mount":           {dockerfile: "RUN --mount=type=cache,target=/var/lib/apt apt-get update\nRUN --mount=type=tmpfs,target=/var/lib/apt/lists apt-get update\n"},
		"lists beside a mount":       {dockerfile: "RUN --mount=type=cache,target=/var/cache/apt apt-get update\n", want: "apt-lists 3"},
		"lists of another stage":     {dockerfile: "FROM ubuntu:22.04 AS x\nRUN apt-get update\nFROM $BASE_IMAGE\nCOPY --from=x /a /\n"},
		"lists of a stage below":     {dockerfile: "FROM $BASE_IMAGE AS x\nRUN apt-get update\nFROM x\n", want: "apt-lists 2"},
		"lists, in lines of comment": {dockerfile: "RUN true && \\\n\n  # more\n  apt-get update \\\n  # end\n  && true\n", want: "apt-lists 6"},

		"an argument":                  {dockerfile: "RUN echo $CUDA_VERSION\n", want: "undeclared-arg 3"},
		"an argument, quoted":          {dockerfile: "RUN true && \\\n  echo \"${CUDA_VERSION}\" $CUDA_VERSION\n", want: "undeclared-arg 4"},
		"an argument, in a heredoc":    {dockerfile: "RUN <<EOF\necho ${CUDA_VERSION}\nEOF\n", want: "undeclared-arg 4"},
		"before FROM":                  {dockerfile: "ARG JOBS=4\nFROM $BASE_IMAGE\nRUN make -j$JOBS\n", want: "undeclared-arg 3"},
		"the platform":                 {dockerfile: "RUN echo $TARGETARCH\n", want: "undeclared-arg 3"},
		"declared":                     {dockerfile: "ARG CUDA_VERSION TARGETARCH\nRUN echo $CUDA_VERSION $TARGETARCH\n"},
		"set":                          {dockerfile: "ENV CUDA_VERSION=1\nRUN echo $CUDA_VERSION\nRUN PYTHON_VERSION=3 && echo $PYTHON_VERSION\n"},
		"set by a stage below":         {dockerfile: "FROM $BASE_IMAGE AS x\nENV CUDA_VERSION=1\nFROM x AS y\nFROM y\nRUN echo $CUDA_VERSION\n"},
		"an ARG of a stage below":      {dockerfile: "FROM $BASE_IMAGE AS x\nARG CUDA_VERSION\nFROM x\nRUN echo $CUDA_VERSION\n", want: "undeclared-arg 4"},
		"of the base":                  {dockerfile: "RUN echo $PATH $ROS_DISTRO\n"},
		"of the shell":                 {dockerfile: "RUN for CUDA_VERSION in 1 2; do echo $CUDA_VERSION; done; read PYTHON_VERSION; echo $PYTHON_VERSION\n"},
		"a default of the shell":       {dockerfile: "RUN echo ${CUDA_VERSION:-12} ${CUDA_VERSION:?}\n"},
		"a text, not a variable":       {dockerfile: "RUN echo '$CUDA_VERSION' \\$CUDA_VERSION\n"},
		"what another file sets":       {dockerfile: "RUN . /etc/os-release && echo $CUDA_VERSION\n"},
		"no argument":                  {dockerfile: "RUN echo $FOO $HOME\n"},
		"a secret":                     {dockerfile: "RUN --mount=type=secret,id=x,env=CUDA_VERSION echo $CUDA_VERSION\n"},
		"on a base that nobody knows":  {dockerfile: "FROM ubuntu:22.04 AS x\nRUN echo $CUDA_VERSION\nFROM $BASE_IMAGE\n"},
		"a line of Windows":            {dockerfile: "RUN true && \\\r\n  apt-get update\r\n", want: "apt-lists 4"},
		"a flag in a line of its own":  {dockerfile: "RUN --network=default \\\n  --mount=type=tmpfs,target=/tmp \\\n  apt-get update\n", want: "apt-lists 5"},
		"the same word as in the flag": {dockerfile: "RUN --mount=type=tmpfs,target=/apt-get \\\n  apt-get update\n", want: "apt-lists 4"},
	} {
		t.Run(name, func(t *testing.T) {
			text := test.dockerfile
			if !strings.Contains(text, "FROM ") {
				text = on(text)
			}
			assert.Equal(t, test.want, places(lint.Check([]byte(text), facts())), text)
			assert.Empty(t, lint.Warnings([]byte(text), facts()))
		})
	}
}

func places(l diag.List) string {
	var all []string
	for _, d := range l {
		all = append(all, fmt.Sprintf("%s %d", d.Rule.Name, d.At.Start.Line))
	}
	return strings.Join(all, ", ")
}

// TestOfTheBase holds that nothing is said of variables where those of the base are not known,
// nor of a base by a package that others speak of.
func TestOfTheBase(t *testing.T) {
	f := facts()
	f.Env, f.Unbased = nil, false
	assert.Empty(t, lint.Check([]byte("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nRUN echo $CUDA_VERSION\n"), f))
	assert.Empty(t, lint.Check([]byte("FROM debian:12\n"), f))
}

// TestWarnings is of what builds warn of too.
func TestWarnings(t *testing.T) {
	for dockerfile, want := range map[string]string{
		"FROM x:r35.1\n": "other-generation 1",
		"FROM x:r36.4\n": "",
		"FROM x:r35.1 AS a\nFROM a AS b\nFROM b\n":     "other-generation 1",
		"FROM x:r35.1 AS a\nFROM x:r36.4\n":            "",
		"ARG A=x:r35.1\nFROM ${A}\n":                   "other-generation 2",
		"ARG BASE_IMAGE=x:r35.1\nFROM ${BASE_IMAGE}\n": "",
	} {
		assert.Equal(t, want, places(lint.Warnings([]byte(dockerfile), facts())), dockerfile)
	}
}

func TestTestData(t *testing.T) {
	at := diag.Range{File: "packages/a/Dockerfile", Start: diag.Position{Line: 3}}
	for name, test := range map[string]struct {
		script string
		args   []string
		want   string
	}{
		"a model":             {script: "import x\nx.load('/data/models/a.onnx')\n", want: "test.py:2"},
		"a default":           {script: "PROMPT=${PROMPT:-\"/data/a.json\"}\ncat $PROMPT\n", want: "test.py:1"},
		"twice":               {script: "x(\"/data/a.wav\")\ny(\"/data/a.wav\")\n", want: "test.py:1"},
		"an argument":         {script: "x(sys.argv)\n", args: []string{"--model", "/data/a.onnx"}, want: "packages/a/Dockerfile:3"},
		"an output":           {script: "out_path = '/data/a.png'\n", args: []string{"--output", "/data/a.csv"}},
		"a result":            {script: "cv2.imwrite('/data/a.png', x); json.dump(x, open('/data/b.json', 'w'))\necho x > /data/a.txt\n"},
		"downloaded":          {script: "wget -O /data/a.jpg https://x\nshow /data/a.jpg\n"},
		"downloaded by name":  {script: "A=/data/a.jpg\ncurl -o $A https://x\nshow $A\n"},
		"downloaded if asked": {script: "p.add_argument('--model', default='/data/a.onnx')\nif not os.path.isfile(args.model):\n  x()\n"},
		"its folder":          {script: "git clone https://x /data/models\nload('/data/models/a.onnx')\n"},
		"a comment":           {script: "# /data/a.jpg\n"},
		"another folder":      {script: "x('../data/a.jpg', 'https://x/data/a.jpg', '/opt/data/a.jpg')\n"},
		"a name that varies":  {script: "x(f'/data/{name}.wav')\nx \"/data/$NAME.wav\"\n"},
		"a folder":            {script: "HF_HOME=/data/models/huggingface\n"},
		"a program":           {script: "\x7fELF\x00 /data/a.jpg \n"},
	} {
		var got []string
		for _, d := range lint.TestData("test.py", []byte(test.script), at, test.args) {
			got = append(got, d.At.String())
		}
		assert.Equal(t, test.want, strings.Join(got, " "), name)
	}
}
