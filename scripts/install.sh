#!/bin/sh
# Installs p2pchat from an archive of it, by path or address, or takes it away again. Nothing else is needed, and nothing
# is half done: what is there is replaced once the new one has been compared, unpacked and started.
set -eu

usage() {
  cat <<'TEXT'
sh install.sh ARCHIVE [--sha256 HEX] [--prefix DIR]
sh install.sh --uninstall [--prefix DIR]

  ARCHIVE      p2pchat-VERSION-linux-PROCESSOR.tar.gz: a file, or an https:// or http:// address;
               left out in an unpacked archive, which then is what is installed
  --sha256     what the archive's SHA-256 must be; else it is read from ARCHIVE.sha256, beside it
  --prefix     where to: /usr/local for root and ~/.local for everybody else
TEXT
}

say() { printf '%s\n' "$*"; }
fail() {
  printf 'install: %s\n' "$@" >&2
  exit 1
}

archive= sha256= prefix= uninstall=
while [ $# -gt 0 ]; do
  case $1 in
    --sha256 | --prefix)
      [ $# -ge 2 ] || fail "$1 needs a value."
      [ "$1" = --sha256 ] && sha256=$2 || prefix=$2
      shift
      ;;
    --uninstall) uninstall=yes ;;
    -h | --help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) [ -z "$archive" ] || { usage >&2; exit 2; }; archive=$1 ;;
  esac
  shift
done

if [ -z "$prefix" ]; then
  if [ "$(id -u)" = 0 ]; then prefix=/usr/local
  else prefix=${HOME:?HOME is not set: say --prefix DIR}/.local
  fi
fi
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
home=$prefix/lib/p2pchat
list=$home/INSTALLED

# Links and pages that lead into it, each by its name below the prefix.
remove_listed() {
  while IFS= read -r name; do
    case $name in /* | *..* | '') continue ;; esac
    rm -f -- "$prefix/$name"
  done <"$1"
}

if [ -n "$uninstall" ]; then
  [ -f "$list" ] || fail "There is nothing in $prefix that this script has installed." \
    "Say --prefix DIR if it lies elsewhere; a Debian package goes by 'apt remove p2pchat'."
  remove_listed "$list"
  rm -rf -- "$home"
  say "p2pchat is gone from $prefix. What people keep (accounts, keys, history) stays where it is,"
  say 'in ~/.local/share/p2pchat unless P2PCHAT_HOME says otherwise; a service of a directory is not stopped.'
  exit 0
fi

here=$(CDPATH= cd -P -- "$(dirname -- "$0")" && pwd)
if [ -z "$archive" ] && [ ! -x "$here/bin/p2pchat" ]; then
  usage >&2
  exit 2
fi

# Beside where it will lie, so that the last step is a rename.
mkdir -p -- "$prefix/lib" "$prefix/bin" 2>/dev/null && [ -w "$prefix/lib" ] && [ -w "$prefix/bin" ] ||
  fail "$prefix can't be written to." "Say --prefix DIR, a folder of yours, or run this as root."
work=$(mktemp -d "$prefix/lib/.p2pchat-XXXXXX") || fail "$prefix/lib can't be written to."
trap 'rm -rf -- "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

fetch() {
  if command -v curl >/dev/null 2>&1; then curl -fsSL -o "$2" -- "$1"
  elif command -v wget >/dev/null 2>&1; then wget -q -O "$2" -- "$1"
  else fail 'Neither curl nor wget is here to fetch it.' 'Bring the archive here by other means, and give its path.'
  fi
}

if [ -z "$archive" ]; then
  cp -R -- "$here/bin" "$here/lib" "$here/share" "$work/" || fail 'It could not be copied; nothing was changed.'
else
  case $archive in
    http://* | https://*)
      say "Fetching $archive"
      fetch "$archive" "$work/archive" || fail "$archive could not be fetched; nothing was changed."
      [ -n "$sha256" ] || fetch "$archive.sha256" "$work/sum" || :
      ;;
    *)
      [ -r "$archive" ] || fail "$archive can't be read: is the path right?"
      ln -s -- "$(readlink -f -- "$archive")" "$work/archive"
      [ -n "$sha256" ] || { [ -r "$archive.sha256" ] && cp -- "$archive.sha256" "$work/sum"; } || :
      ;;
  esac
  if [ -z "$sha256" ]; then
    [ -s "$work/sum" ] || fail "Its SHA-256 is not known: $archive.sha256 is not there." \
      'Ask whoever gave you the archive, and say --sha256 HEX.'
    read -r sha256 _ <"$work/sum" || :
  fi
  is=$(sha256sum <"$work/archive")
  is=${is%% *}
  [ "$is" = "$(printf %s "$sha256" | tr A-F a-f)" ] || fail "$archive is not what it should be; nothing was changed." \
    "Its SHA-256 is       $is" "and it should be     $sha256" 'Fetch it again; if it stays so, somebody has changed it.'
  tar -xf "$work/archive" -C "$work" --strip-components=1 --no-same-owner ||
    fail "$archive could not be unpacked; nothing was changed." 'Is the disk full?'
  rm -f -- "$work/archive" "$work/sum"
fi

new=$work/lib/p2pchat
version=$("$work/bin/p2pchat" --version 2>"$work/why") || fail 'It does not run on this machine; nothing was changed.' \
  "$(head -n 3 "$work/why")" "This machine: $(uname -sm). The archive is for: $(cat "$new/runtime/VERSION" 2>/dev/null)"

# What leads into it: links, so that there is one place to replace.
(cd "$work" && find share -type f ! -path 'share/doc/*') >"$work/names"
mkdir -p -- "$new/share"
cp -R -- "$work/share/." "$new/share/"
{ cat "$work/names"; echo bin/p2pchat; } >"$new/INSTALLED"

if [ -e "$home" ] && [ ! -f "$list" ]; then
  fail "$home is there and not from this script; nothing was changed." 'Take it away first, or say --prefix DIR.'
fi
before=
if [ -f "$list" ]; then
  before=$("$home/bin/p2pchat" --version 2>/dev/null) || before='one that did not run'
  remove_listed "$list"
  mv -- "$home" "$work/before"
fi
mv -- "$new" "$home"
ln -sfn -- ../lib/p2pchat/bin/p2pchat "$prefix/bin/p2pchat"
while IFS= read -r name; do
  mkdir -p -- "$prefix/$(dirname -- "$name")"
  ln -sf -- "$home/$name" "$prefix/$name"
done <"$work/names"

say "p2pchat $version is installed${before:+, in place of $before}:"
say "  $prefix/bin/p2pchat       the command"
say "  $home       program, Node, licences"
say "  $prefix/share/…           manual page and completion, as links"
[ -z "$before" ] || say 'What is running now has to be started again.'
case :$PATH: in
  *:"$prefix/bin":*) ;;
  *) say "$prefix/bin is not in PATH: add it, or type $prefix/bin/p2pchat." ;;
esac
say "Take it away: sh install.sh --uninstall${prefix:+ --prefix $prefix}"
