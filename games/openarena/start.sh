#!/bin/sh
# Writes the server's configuration from the environment, then becomes the server, so that signals reach it.
# The file is a list of console commands: whatever a person typed stands in quotes, and what would end them is refused.
set -eu
umask 077
folder=/data/baseoa
config=$folder/playspawn.cfg

fail() {
  echo "start: $1" >&2
  exit 64
}

# text <variable of the console> <value>
text() {
  case $2 in
    *[[:cntrl:]]*) fail "$1 must not contain control characters" ;;
    *[\"\\\;]*) fail "$1 must not contain \", \\ or ;" ;;
  esac
  printf 'set %s "%s"\n' "$1" "$2"
}

# number <variable> <value> <least> <most>
number() {
  case $2 in '' | *[!0-9]* | ??????*) fail "$1 must be a number, not \"$2\"" ;; esac
  [ "$2" -ge "$3" ] && [ "$2" -le "$4" ] || fail "$1 must be $3 to $4, not $2"
  echo "set $1 $2"
}

# flag <variable> <value>
flag() {
  case $2 in
    true | 1) echo "set $1 1" ;;
    false | 0) echo "set $1 0" ;;
    *) fail "$1 must be true or false, not \"$2\"" ;;
  esac
}

# rotation <map>…: each map names the next, the last one the first
rotation() {
  count=$#
  [ "$count" -le 30 ] || fail "MAPS must be 30 at most"
  i=0
  for map; do
    case $map in *[!a-z0-9_-]*) fail "MAPS must be names of maps, not \"$map\"" ;; esac
    next=$(((i + 1) % count))
    echo "set rotation$i \"map $map; set nextmap vstr rotation$next\""
    i=$((i + 1))
  done
  echo 'vstr rotation0'
}

case ${GAMETYPE:-ffa} in
  ffa) gametype=0 ;;
  tournament) gametype=1 ;;
  tdm) gametype=3 ;;
  ctf) gametype=4 ;;
  oneflag) gametype=5 ;;
  overload) gametype=6 ;;
  harvester) gametype=7 ;;
  elimination) gametype=8 ;;
  ctfelimination) gametype=9 ;;
  lms) gametype=10 ;;
  doubledomination) gametype=11 ;;
  domination) gametype=12 ;;
  *) fail "GAMETYPE is not \"${GAMETYPE}\"" ;;
esac
map=${MAP:-oa_dm1}
case ${MAPS:-} in *[!a-z0-9_\ -]*) fail "MAPS must be names of maps with spaces between them" ;; esac

mkdir -p "$folder"
{
  text sv_hostname "${SERVER_NAME:-Playspawn}"
  text g_motd "${MOTD:-}"
  text g_password "${PASSWORD:-}"
  # Without one nobody has a remote console.
  text rconPassword "${RCON_PASSWORD:-}"
  echo "set g_needpass $([ -n "${PASSWORD:-}" ] && echo 1 || echo 0)"
  echo "set g_gametype $gametype"
  number sv_maxclients "${MAX_PLAYERS:-16}" 1 64
  number bot_minplayers "${BOTS:-0}" 0 16
  number g_spSkill "${BOT_SKILL:-2}" 1 5
  echo 'set bot_enable 1'
  number fraglimit "${FRAG_LIMIT:-20}" 0 999
  number timelimit "${TIME_LIMIT:-15}" 0 999
  number capturelimit "${CAPTURE_LIMIT:-8}" 0 999
  flag g_friendlyFire "${FRIENDLY_FIRE:-false}"
  flag g_doWarmup "${WARMUP:-false}"
  number g_warmup "${WARMUP_SECONDS:-20}" 0 120
  flag g_allowVote "${VOTES:-true}"
  flag g_instantgib "${INSTAGIB:-false}"
  flag g_rockets "${ALL_ROCKETS:-false}"
  number g_gravity "${GRAVITY:-800}" 100 2000
  number g_speed "${SPEED:-320}" 100 2000
  number g_knockback "${KNOCKBACK:-1000}" 0 10000
  number g_quadfactor "${QUAD_FACTOR:-3}" 1 10
  number g_weaponrespawn "${WEAPON_RESPAWN:-5}" 0 120
  number g_inactivity "${KICK_IDLE_SECONDS:-0}" 0 3600
  number sv_fps "${TICKS:-20}" 10 60
  number sv_maxRate "${MAX_RATE:-25000}" 1000 90000
  flag sv_pure "${PURE:-true}"
  flag g_teamAutoJoin "${AUTO_JOIN:-false}"
  number sv_timeout "${LOST_SECONDS:-60}" 5 600
  # It would grow for ever.
  echo 'set g_log ""'
  # shellcheck disable=SC2086 -- names of maps, checked above
  rotation "$map" ${MAPS:-}
} >"$config"

# As Debian's own wrapper starts it, but with everything in the server's folder, and without telling the public list,
# which would name this machine's address and not the one that players dial.
exec /usr/lib/ioquake3/ioq3ded \
  +set com_basegame baseoa +set fs_basepath /usr/lib/openarena-server +set fs_homepath /data \
  +set com_homepath . +set com_legacyprotocol 71 +set com_protocol 71 +set com_hunkmegs 128 \
  +set dedicated 1 +set sv_allowDownload 0 +set net_port 27960 +set net_enabled 1 +set ttycon 0 \
  +exec playspawn.cfg
