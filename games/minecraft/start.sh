#!/bin/sh
# Node keeps one compile cache per user, and every server runs as a user of its own: a link with that user's number
# leads to what was compiled when the image was made. A boot is a third faster for it.
links=/tmp/compile-cache
mkdir -p "$links"
for baked in /app/compile-cache/*; do
  name=${baked##*/}
  ln -sfn "$baked" "$links/${name%-*}-$(id -u)"
done
NODE_COMPILE_CACHE=$links exec node --no-deprecation /app/src/main.ts
