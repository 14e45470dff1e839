#!/bin/sh
# Builds gdoiwatch_VERSION_ARCH.deb from a checkout that is built (npm ci && npm run build).
#
#   deploy/debian/build-deb.sh [--modules DIR] OUTPUT_DIRECTORY
#
# The package has what npm would publish, with its dependencies, in /usr/lib/gdoiwatch; the command, the manual page and the
# completion of bash; a systemd unit; the configuration in /etc/gdoiwatch; its state in /var/lib/gdoiwatch. --modules takes the
# dependencies from there instead of installing them.
set -eu

modules=
if [ "${1:-}" = --modules ]; then
  modules=$2
  shift 2
fi
output=${1:?usage: build-deb.sh [--modules DIR] OUTPUT_DIRECTORY}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
[ -f "$root/dist/cli/main.js" ] || { echo "build-deb.sh: $root/dist is missing: npm run build" >&2; exit 1; }

version=$(node -p "require('$root/package.json').version")
architecture=$(dpkg --print-architecture)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
umask 022

app=$stage/usr/lib/gdoiwatch
mkdir -p "$app" "$stage/DEBIAN" "$stage/usr/bin" "$stage/etc/gdoiwatch" "$stage/usr/lib/systemd/system" \
  "$stage/usr/share/man/man1" "$stage/usr/share/bash-completion/completions" "$stage/usr/share/doc/gdoiwatch"
archive=$(cd "$root" && npm pack --silent --ignore-scripts --pack-destination "$stage")
tar -xzf "$stage/$archive" -C "$app" --strip-components=1
rm "$stage/$archive"
if [ -n "$modules" ]; then
  cp -R "$modules" "$app/node_modules"
else
  cp "$root/package-lock.json" "$app/"
  (cd "$app" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --silent)
fi

ln -s ../lib/gdoiwatch/dist/cli/main.js "$stage/usr/bin/gdoiwatch"
chmod 755 "$app/dist/cli/main.js"
node "$root/dist/cli/main.js" completion man | gzip -9n >"$stage/usr/share/man/man1/gdoiwatch.1.gz"
node "$root/dist/cli/main.js" completion bash >"$stage/usr/share/bash-completion/completions/gdoiwatch"
cp "$root/LICENSE" "$stage/usr/share/doc/gdoiwatch/copyright"
cp "$here/gdoiwatch.yml" "$stage/etc/gdoiwatch/gdoiwatch.yml"
cp "$here/gdoiwatch.service" "$stage/usr/lib/systemd/system/gdoiwatch.service"
for script in postinst prerm postrm; do
  cp "$here/$script" "$stage/DEBIAN/$script"
  chmod 755 "$stage/DEBIAN/$script"
done
echo /etc/gdoiwatch/gdoiwatch.yml >"$stage/DEBIAN/conffiles"
cat >"$stage/DEBIAN/control" <<CONTROL
Package: gdoiwatch
Version: $version
Architecture: $architecture
Maintainer: gdoiwatch authors <gdoiwatch@example.org>
Depends: nodejs (>= 20.19), adduser
Section: net
Priority: optional
Installed-Size: $(du -sk "$stage/usr" | cut -f1)
Description: monitoring agent for Cisco GETVPN (GDOI) networks
 Polls group members and key servers over SSH and SNMP, tells why each
 re-registration happened, and exports what it knows to Prometheus,
 Alertmanager, a web page and an API.
CONTROL
mkdir -p "$output"
dpkg-deb --root-owner-group --build "$stage" "$output/gdoiwatch_${version}_$architecture.deb" >/dev/null
echo "$output/gdoiwatch_${version}_$architecture.deb"
