// Reads a master playlist and all that it names with hls-parser, whose strict mode throws at whatever the RFC forbids.
// Prints {variants, renditions, playlists: {name: {segments, seconds, target, keys, iframes}}} as JSON.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { argv, stdout } from "node:process";
import * as HLS from "hls-parser";

HLS.setOptions({ strictMode: true });
const folder = path.dirname(argv[2]);
const parsed = async (name) => HLS.parse(await readFile(path.join(folder, name), "utf8"));

function told(playlist) {
  return {
    segments: playlist.segments.map(({ uri, duration, byterange, map }) => ({
      uri, duration, byterange, map: map && { uri: map.uri, byterange: map.byterange },
    })),
    seconds: playlist.segments.reduce((sum, one) => sum + one.duration, 0),
    target: playlist.targetDuration,
    version: playlist.version,
    keys: playlist.segments.map((one) => one.key && { method: one.key.method, format: one.key.format, uri: one.key.uri }),
    iframes: playlist.isIFrame,
    ended: playlist.endlist,
  };
}

const master = await parsed(path.basename(argv[2]));
const variants = [], renditions = [], names = new Set();
for (const one of master.variants) {
  variants.push({
    uri: one.uri, bandwidth: one.bandwidth, averageBandwidth: one.averageBandwidth, codecs: one.codecs,
    resolution: one.resolution, frameRate: one.frameRate, iframes: one.isIFrameOnly, range: one.videoRange,
    audio: one.audio.length, subtitles: one.subtitles.length,
  });
  names.add(one.uri);
  for (const { type, uri, groupId, language, name, isDefault, autoselect, forced, characteristics, channels } of [
    ...one.audio, ...one.subtitles,
  ]) {
    if (!names.has(uri)) {
      renditions.push({ type, uri, groupId, language, name, isDefault, autoselect, forced, characteristics, channels });
      names.add(uri);
    }
  }
}
for (const name of argv.slice(3)) names.add(name);
const playlists = {};
for (const name of names) playlists[name] = told(await parsed(name));
stdout.write(JSON.stringify({ variants, renditions, playlists, sessionKeys: master.sessionKeyList.length }));
