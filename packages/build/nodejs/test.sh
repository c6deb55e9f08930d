#!/usr/bin/env bash
# Runs JavaScript: numbers, JSON, a file, and a request to a server in the same process.
set -euo pipefail

node --version
work=$(mktemp -d)
cat >"$work/test.js" <<'JS'
const assert = require('assert');
const fs = require('fs');
const http = require('http');
const path = require('path');

const file = path.join(__dirname, 'data.json');
fs.writeFileSync(file, JSON.stringify({ list: [1, 2, 3] }));
assert.deepStrictEqual(JSON.parse(fs.readFileSync(file, 'utf8')).list, [1, 2, 3]);

const server = http.createServer((request, response) => response.end('hello'));
server.listen(0, '127.0.0.1', () => {
  http.get({ port: server.address().port, host: '127.0.0.1' }, (response) => {
    let body = '';
    response.on('data', (chunk) => { body += chunk; });
    response.on('end', () => {
      assert.strictEqual(body, 'hello');
      server.close();
      console.log('Node.js works on', process.arch);
    });
  });
});
JS
timeout 60 node "$work/test.js" | tee "$work/out"
grep -q '^Node.js works' "$work/out"
