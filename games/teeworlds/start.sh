#!/bin/sh
# Writes the server's configuration from the environment, then becomes the server, so that signals reach it.
# The file is a list of console commands: whatever a person typed is quoted, never interpreted.
set -eu
umask 077
# Where the server looks for files besides the player's own folder; it opens no absolute paths.
cd /tmp
config=start.cfg

fail() {
  echo "start: $1" >&2
  exit 64
}

# text <command> <value>
text() {
  case $2 in *[[:cntrl:]]*) fail "$1 must not contain control characters" ;; esac
  printf '%s "%s"\n' "$1" "$(printf '%s' "$2" | sed 's/[\\"]/\\&/g')"
}

# number <command> <value> <least> <most>
number() {
  case $2 in '' | *[!0-9]* | ??????*) fail "$1 must be a number, not \"$2\"" ;; esac
  [ "$2" -ge "$3" ] && [ "$2" -le "$4" ] || fail "$1 must be $3 to $4, not $2"
  echo "$1 $2"
}

# word <command> <value>
word() {
  case $2 in '' | *[!a-z0-9_-]*) fail "$1 must be letters, digits, _ and -, not \"$2\"" ;; esac
  echo "$1 $2"
}

# flag <command> <value>
flag() {
  case $2 in
    true | 1) echo "$1 1" ;;
    false | 0) echo "$1 0" ;;
    *) fail "$1 must be true or false, not \"$2\"" ;;
  esac
}

{
  text sv_name "${SERVER_NAME:-Playspawn}"
  text sv_motd "${MOTD:-}"
  text password "${PASSWORD:-}"
  # Without one the server makes one up and prints it.
  [ -z "${RCON_PASSWORD:-}" ] || text sv_rcon_password "$RCON_PASSWORD"
  word sv_map "${MAP:-dm1}"
  word sv_gametype "${GAMETYPE:-dm}"
  number sv_max_clients "${MAX_PLAYERS:-16}" 1 64
  number sv_player_slots "${MAX_PLAYERS:-16}" 1 64
  number sv_scorelimit "${SCORE_LIMIT:-20}" 0 1000
  number sv_timelimit "${TIME_LIMIT:-0}" 0 1000
  number sv_warmup "${WARMUP:-0}" 0 1000
  flag sv_teamdamage "${TEAM_DAMAGE:-false}"
  flag sv_powerups "${POWERUPS:-true}"
  # Relayed players share the address of the node's bridge, so a limit per address would be one for all.
  echo 'sv_max_clients_per_ip 64'
  # For the same reason a vote may send one player away, not ban the address of all.
  echo 'sv_vote_kick_bantime 0'
  # The public list would name this machine's address, not the one that players dial.
  echo 'sv_register 0'
  echo 'sv_port 8303'
} >"$config"

exec /usr/games/teeworlds-server -f "$config"
