// The network `@name@` for programs that load it, as rolling-ball wrote it: do not edit.

#[path = "@name@.rs"]
mod network;

rolling_ball_rehearsal::shared_library!(network, "@name@", @hash@, (@scale@, @offset@));
