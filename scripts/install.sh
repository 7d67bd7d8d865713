#!/bin/sh
# Installs p2pchat from an archive of it, by path or address, or takes it away again. It needs a shell, coreutils,
# findutils, tar and gzip. Each version has a folder of its own, and one link says which is used: nothing changes until the new one has been
# compared, unpacked and started, then all changes at once, and what runs keeps the files that it was started from.
set -eu
umask 022

usage() {
  cat <<'TEXT'
sh install.sh ARCHIVE [--sha256 HEX] [--prefix DIR]
sh install.sh --uninstall [--prefix DIR]

  ARCHIVE      p2pchat-VERSION-linux-PROCESSOR.tar.gz: a file, or an https:// address (http:// takes --sha256);
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

# Whether a path is a link into what this script has installed.
ours() {
  case $(readlink -- "$1" 2>/dev/null) in "$home"/*) ;; *) return 1 ;; esac
}

# The processes whose Node lies in the folder of a version, as far as this user may see them. Those that see other mounts
# (a service in a sandbox) have something before the path; that it is that folder its random name says.
running_from() {
  folder=$(readlink -f -- "$1")
  for exe in /proc/[0-9]*/exe; do
    case $(readlink -- "$exe" 2>/dev/null) in
      *"$folder"/*) exe=${exe#/proc/}; printf ' %s' "${exe%/exe}" ;;
    esac
  done
}

uninstall() {
  [ -f "$list" ] || fail "There is nothing in $prefix that this script has installed." \
    "Say --prefix DIR if it lies elsewhere; a Debian package goes by 'apt remove p2pchat'."
  [ -w "$home" ] && [ -w "$prefix/bin" ] || fail "$prefix can't be written to." 'Run this as whoever has installed it.'
  runs=$(for old in "$home"/[0-9]*; do running_from "$old"; done)
  while IFS= read -r name; do
    if ours "$prefix/$name"; then rm -f -- "$prefix/$name"; fi
  done <"$list"
  rm -rf -- "$home"
  say "p2pchat is gone from $prefix. What people keep (accounts, keys, history) stays where it is,"
  say 'in ~/.local/share/p2pchat unless P2PCHAT_HOME says otherwise; a service of a directory is not taken away.'
  [ -z "$runs" ] || say "It still runs, without its files: end the processes$runs."
}

fetch() {
  case $1 in https:*) redirect=https ;; *) redirect=http,https ;; esac
  if command -v curl >/dev/null 2>&1; then curl -fsSL --proto-redir "=$redirect" -o "$2" -- "$1"
  elif command -v wget >/dev/null 2>&1; then wget -q -O "$2" -- "$1"
  else fail 'Neither curl nor wget is here to fetch it.' 'Bring the archive here by other means, and give its path.'
  fi
}

# Unpacks the archive into $work, if it is what it should be.
unpack() {
  for tool in tar gzip sha256sum; do
    command -v "$tool" >/dev/null 2>&1 || fail "$tool is not here, and it takes that."
  done
  # A copy is compared and unpacked: the file itself may be another one by then.
  case $archive in
    http://* | https://*)
      case $sha256:$archive in
        :http:*) fail 'What comes by http:// anybody on the way can change: say --sha256 HEX, or an https:// address.' ;;
      esac
      say "Fetching $archive"
      fetch "$archive" "$work/archive" || fail "$archive could not be fetched; nothing was changed."
      [ -n "$sha256" ] || fetch "$archive.sha256" "$work/sum" || :
      ;;
    *)
      [ -f "$archive" ] && [ -r "$archive" ] || fail "$archive can't be read: is the path right?"
      cp -- "$archive" "$work/archive" || fail 'It could not be copied; nothing was changed.' 'Is the disk full?'
      if [ -z "$sha256" ] && [ -r "$archive.sha256" ]; then cp -- "$archive.sha256" "$work/sum"; fi
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
    fail "$archive could not be unpacked; nothing was changed." 'Is the disk full, or, for an archive by xz, xz not here?'
  rm -f -- "$work/archive" "$work/sum"
  [ -f "$work/lib/p2pchat/runtime/VERSION" ] || fail "$archive is not an archive of p2pchat that brings Node." \
    'Its name is p2pchat-VERSION-linux-PROCESSOR.tar.gz.'
}

# After what went wrong there is what was before.
clean() {
  rm -rf -- "$work"
  [ -e "$home/current" ] || rm -rf -- "$home"
}

install() {
  here=$(CDPATH= cd -P -- "$(dirname -- "$0")" && pwd)
  if [ -z "$archive" ] && [ ! -x "$here/bin/p2pchat" ]; then
    usage >&2
    exit 2
  fi
  if [ -e "$home" ] && [ ! -f "$list" ]; then
    fail "$home is there and not from this script; nothing was changed." 'Take it away first, or say --prefix DIR.'
  fi
  command="$prefix/bin/p2pchat"
  if { [ -e "$command" ] || [ -L "$command" ]; } && ! ours "$command"; then
    fail "$command is there and not from this script; nothing was changed." \
      "Take it away first (if npm has installed it: npm uninstall -g p2pchat), or say --prefix DIR."
  fi
  mkdir -p -- "$home" "$prefix/bin" 2>/dev/null && [ -w "$home" ] && [ -w "$prefix/bin" ] ||
    fail "$prefix can't be written to." "Say --prefix DIR, a folder of yours, or run this as root."
  [ -f "$list" ] || : >"$list"
  work=$(mktemp -d "$home/.new-XXXXXX") || fail "$home can't be written to."
  trap clean EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  chmod 755 "$work"
  if [ -n "$archive" ]; then unpack
  else cp -R -- "$here/bin" "$here/lib" "$here/share" "$work/" || fail 'It could not be copied; nothing was changed.'
  fi
  version=$("$work/bin/p2pchat" --version 2>"$work/why") || fail 'It does not run on this machine; nothing was changed.' \
    "$(head -n 3 "$work/why")" "This machine: $(uname -sm). The archive is for: $(cat "$work/lib/p2pchat/runtime/VERSION")"
  rm -f -- "$work/why"
  before=
  if [ -e "$home/current" ]; then
    before=$("$home/current/bin/p2pchat" --version 2>/dev/null) || before='one that did not run'
  fi
  change
  say "p2pchat $version is installed${before:+, in place of $before}:"
  say "  $command       the command"
  say "  $home       program, Node, licences"
  say "  $prefix/share/…           manual page and completion, as links"
  sweep
  case :$PATH: in
    *:"$prefix/bin":*) ;;
    *) say "$prefix/bin is not in PATH: add it, or type $command." ;;
  esac
  say "Take it away: sh install.sh --uninstall --prefix $prefix"
}

# From here on it is used. A signal waits until all of it is.
change() {
  trap '' HUP INT TERM
  names=$(cd "$work" && echo bin/p2pchat && find share -type f ! -path 'share/doc/*')
  { cat "$list"; say "$names"; } | sort -u >"$work/INSTALLED"
  mv -- "$work/INSTALLED" "$list"
  tree=$(mktemp -d "$home/$version-XXXXXX")
  mv -T -- "$work" "$tree"
  point "$home/current" "$tree"
  say "$names" | while IFS= read -r name; do
    mkdir -p -- "$prefix/$(dirname -- "$name")"
    if { [ -e "$prefix/$name" ] || [ -L "$prefix/$name" ]; } && ! ours "$prefix/$name"; then
      say "$prefix/$name is there and not from this script: it stays as it is."
    else point "$prefix/$name" "$home/current/$name"
    fi
  done
  while IFS= read -r name; do
    if ours "$prefix/$name" && [ ! -e "$prefix/$name" ]; then rm -f -- "$prefix/$name"; fi
  done <"$list"
}

# Makes a link, or changes it in one step: there is no moment without it.
point() {
  rm -f -- "$1.new"
  ln -s -- "$2" "$1.new"
  mv -T -- "$1.new" "$1"
}

# What nobody uses any more: versions of before, and what an installation left that was killed a day ago or more.
sweep() {
  (cd "$home" && find . -maxdepth 1 -name '.new-*' -mtime +0 -exec rm -rf {} +)
  for old in "$home"/[0-9]*; do
    [ "$old" != "$tree" ] || continue
    runs=$(running_from "$old")
    if [ -n "$runs" ]; then say "Still the old one, until they are started again: the processes$runs."
    else rm -rf -- "$old"
    fi
  done
}

main() {
  archive= sha256= prefix= away=
  while [ $# -gt 0 ]; do
    case $1 in
      --sha256 | --prefix)
        [ $# -ge 2 ] && [ -n "$2" ] || fail "$1 needs a value."
        if [ "$1" = --sha256 ]; then sha256=$2; else prefix=$2; fi
        shift
        ;;
      --uninstall) away=yes ;;
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
  [ -n "$away" ] || mkdir -p -- "$prefix" 2>/dev/null || :
  # Always spelled the same: links are known by it.
  [ -d "$prefix" ] || fail "$prefix is not there." 'Say --prefix DIR, a folder of yours, or run this as root.'
  prefix=$(CDPATH= cd -- "$prefix" && pwd)
  home=$prefix/lib/p2pchat
  list=$home/INSTALLED
  if [ -n "$away" ]; then uninstall; else install; fi
}

# Last, so that a script that came in part does nothing.
main "$@"
