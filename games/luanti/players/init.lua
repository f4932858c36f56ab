-- Luanti has no query that says who plays: this writes it down, and a web server beside the game hands it out.
local folder = minetest.get_worldpath() .. "/playspawn"
local max = tonumber(minetest.settings:get("max_users")) or 15

local function write(leaving)
  local names = {}
  for _, player in ipairs(minetest.get_connected_players()) do
    local name = player:get_player_name()
    if name ~= leaving then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  local answer = { online = #names, max = max }
  -- An empty table would be written as an object.
  if #names > 0 then
    answer.names = names
  end
  minetest.safe_file_write(folder .. "/players", minetest.write_json(answer))
end

minetest.after(0, write)
minetest.register_on_joinplayer(function()
  write()
end)
minetest.register_on_leaveplayer(function(player)
  write(player:get_player_name())
end)
