#!/bin/sh
# Writes the server's configuration from the environment, then becomes the server, so that signals reach it.
# The file has one setting in each line: whatever a person typed stays in its line.
set -eu
umask 077
config=/tmp/start.conf

fail() {
  echo "start: $1" >&2
  exit 64
}

# text <setting> <value>
text() {
  case $2 in *[[:cntrl:]]*) fail "$1 must not contain control characters" ;; esac
  # The reader of the file cuts off spaces on both sides.
  bare=${2#"${2%%[! ]*}"}
  case ${bare%"${bare##*[! ]}"} in
    '"""'* | '{') fail "$1 must not begin with \"\"\" or be {" ;;
  esac
  printf '%s = %s\n' "$1" "$2"
}

# number <setting> <value> <least> <most>
number() {
  case $2 in '' | *[!0-9]* | ???????*) fail "$1 must be a number, not \"$2\"" ;; esac
  [ "$2" -ge "$3" ] && [ "$2" -le "$4" ] || fail "$1 must be $3 to $4, not $2"
  echo "$1 = $2"
}

# choice <setting> <value> <allowed>…
choice() {
  setting=$1 value=$2
  shift 2
  for allowed; do
    [ "$value" != "$allowed" ] || { echo "$setting = $value"; return; }
  done
  fail "$setting must be one of $*, not \"$value\""
}

# flag <setting> <value>
flag() {
  case $2 in
    true | 1) echo "$1 = true" ;;
    false | 0) echo "$1 = false" ;;
    *) fail "$1 must be true or false, not \"$2\"" ;;
  esac
}

game=${GAME:-minetest_game}
case $game in minetest_game | devtest) ;; *) fail "GAME must be minetest_game or devtest, not \"$game\"" ;; esac
seed=${SEED:-}
case $seed in *[!0-9A-Za-z_-]* | ?????????????????????????????????*) fail "SEED must be up to 32 letters and digits" ;; esac
admin=${ADMIN_NAME:-}
case $admin in *[!0-9A-Za-z_-]* | ?????????????????????*) fail "ADMIN_NAME must be up to 20 letters, digits, _ and -" ;; esac
privileges=${PRIVILEGES:-interact, shout}
case $privileges in *[!a-z0-9_,\ ]*) fail "PRIVILEGES must be names with commas between them" ;; esac

{
  text server_name "${SERVER_NAME:-Playspawn}"
  text server_description "${DESCRIPTION:-}"
  text motd "${MOTD:-}"
  text default_password "${PASSWORD:-}"
  flag disallow_empty_password "${REQUIRE_PASSWORDS:-false}"
  [ -z "$admin" ] || echo "name = $admin"
  [ -z "$seed" ] || echo "fixed_map_seed = $seed"
  echo "default_privs = $privileges"
  number max_users "${MAX_PLAYERS:-15}" 1 100
  flag creative_mode "${CREATIVE:-false}"
  flag enable_damage "${DAMAGE:-true}"
  flag enable_pvp "${PVP:-true}"
  choice mg_name "${MAPGEN:-v7}" v7 valleys carpathian v5 flat fractal v6 singlenode
  number time_speed "${TIME_SPEED:-72}" 0 10000
  number map_generation_limit "${WORLD_LIMIT:-31007}" 100 31007
  flag give_initial_stuff "${INITIAL_STUFF:-false}"
  choice bones_mode "${BONES:-bones}" bones drop keep
  flag enable_fire "${FIRE:-true}"
  flag enable_tnt "${TNT:-false}"
  number item_entity_ttl "${ITEM_SECONDS:-900}" 10 100000
  flag enable_rollback_recording "${ROLLBACK:-false}"
  flag strict_protocol_version_checking "${SAME_VERSION:-false}"
  number max_block_send_distance "${SEND_DISTANCE:-12}" 2 30
  number active_block_range "${ACTIVE_RANGE:-4}" 1 10
  # The public list would name this machine's address, not the one that players dial.
  echo 'server_announce = false'
  echo 'port = 30000'
} >"$config"

# A world belongs to the game that it was begun with.
world=/data/worlds/$game
rm -rf "$world/playspawn"
mkdir -p "$world/playspawn"
# Until the mod writes it.
echo '{"online":0}' >"$world/playspawn/players"
busybox httpd -p 30001 -h "$world/playspawn"

# Without a file the log goes to the console alone.
exec /usr/games/minetestserver --config "$config" --world "$world" --gameid "$game" --logfile ''
