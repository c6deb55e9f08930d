#!/bin/sh
# Asks an image what it holds, as root and in the image: each answer is a file of /probe, and NAME.failed says that the
# question failed. What installs something more comes last.
mkdir -p /probe
cd / || exit 1

ask() {
  name=$1
  shift
  "$@" > "/probe/$name" 2>&1 || echo "$? of $*" >> "/probe/$name.failed"
}

has() { command -v "$1" > /dev/null 2>&1; }

ask dpkg-audit dpkg --audit
ask apt-check apt-get check -qq
# shellcheck disable=SC2016
ask dpkg-list dpkg-query -W -f '${binary:Package} ${Version} ${db:Status-Abbrev}\n'
ask dpkg-verify sh -c 'dpkg --verify | sort'
ask apt-manual apt-mark showmanual
ask alternatives update-alternatives --get-selections
ask diversions dpkg-divert --list
ask statoverrides dpkg-statoverride --list
ask passwd getent passwd
ask group getent group
ask shadow sh -c 'cut -d: -f1,2 /etc/shadow | sort'
ask ldconfig sh -c 'ldconfig -p | sort'
ask unowned find / -xdev '(' -nouser -o -nogroup ')' -print
ask broken-libraries sh -c "find /usr/bin /usr/sbin /usr/local/bin -type f -exec ldd {} + 2> /dev/null | grep 'not found' | sort -u"
if has getcap; then ask capabilities sh -c 'getcap -r /usr 2> /dev/null | sort'; fi
if has pip3; then
  ask pip-list pip3 list --disable-pip-version-check
  ask pip-check pip3 check
fi
ask install sh -c 'apt-get update -q && apt-get install -y -q --no-install-recommends hello tree && hello -g works'
ask audit-after dpkg --audit
ask remove sh -c 'apt-get purge -y -q tree && test ! -e /usr/bin/tree'
exit 0
