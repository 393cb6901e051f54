// Where the show stands and how it goes on, as values. What is drawn and what is pressed is not known here.

export interface Player {
  /** The frame that is shown; between two frames while hikers walk from one to the next. */
  readonly frame: number;
  readonly last: number;
  readonly playing: boolean;
  readonly speed: number;
  /** Readers who asked their system for less motion get jumps, twice a second, in place of gliding. */
  readonly calm: boolean;
  /** Seconds since the last jump. */
  readonly waited: number;
}

export const SPEEDS = [0.25, 0.5, 1, 2, 4];

const WHOLE_SHOW = 14;
const JUMP = 0.5;

export function newPlayer(frames: number, calm: boolean): Player {
  return { frame: 0, last: Math.max(0, frames - 1), playing: false, speed: 1, calm, waited: 0 };
}

/** Frames a second: the whole show in some 14 seconds, but a few steps are not rushed and many not crawled through. */
export function pace(player: Player): number {
  return player.speed * Math.min(120, Math.max(2.5, player.last / WHOLE_SHOW));
}

/** Some seconds later. At the end it stops. */
export function advance(player: Player, seconds: number): Player {
  if (!player.playing) return player;
  if (player.calm) {
    const waited = player.waited + seconds;
    if (waited < JUMP) return { ...player, waited };
    const jump = Math.max(1, Math.round(pace(player) * JUMP));
    return settle({ ...player, waited: 0, frame: Math.floor(player.frame) + jump });
  }
  return settle({ ...player, frame: player.frame + pace(player) * seconds });
}

/** Start or stop; from the end it starts over. */
export function toggle(player: Player): Player {
  if (!player.last) return player;
  if (player.playing) return { ...player, playing: false, frame: Math.floor(player.frame) };
  const frame = player.frame >= player.last ? 0 : player.frame;
  return { ...player, playing: true, waited: 0, frame };
}

/** To a frame, which then stands still. */
export function seek(player: Player, frame: number): Player {
  return { ...player, playing: false, frame: Math.min(player.last, Math.max(0, Math.round(frame))) };
}

/** Some whole frames on or back. */
export function step(player: Player, frames: number): Player {
  return seek(player, (frames > 0 ? Math.floor(player.frame) : Math.ceil(player.frame)) + frames);
}

export function atSpeed(player: Player, speed: number): Player {
  return { ...player, speed };
}

function settle(player: Player): Player {
  return player.frame < player.last ? player : { ...player, frame: player.last, playing: false };
}
