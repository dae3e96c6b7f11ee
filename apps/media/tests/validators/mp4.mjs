// Reads a track file with mp4box as a player does: the init section alone, then one fragment after the other.
// Arguments: the file, then `offset-size` of the init section and of each fragment.
// Prints {brands, codec, entry, original, scheme, kid, timescale, width, height, channels, rate, language, edits,
// boxes, fragments: [{samples, sync, time, duration, composed}]} as JSON; anything that mp4box reports is a failure.

import { open } from "node:fs/promises";
import { argv, exit, stderr, stdout } from "node:process";
import { createFile, Log } from "mp4box";

Log.setLogLevel(Log.warn);
const fail = (message) => { stderr.write(`${message}\n`); exit(1); };
for (const level of ["warn", "error"]) console[level] = (...told) => fail(told.join(" "));

const reader = createFile();
let info, appended = 0;
reader.onError = (module, message) => fail(`${module}: ${message}`);
reader.onReady = (found) => { info = found; };

const file = await open(argv[2]);
async function append(range) {
  const [offset, size] = range.split("-").map(Number);
  const bytes = new ArrayBuffer(size);
  await file.read(new Uint8Array(bytes), 0, size, offset);
  bytes.fileStart = appended; // what lies between, such as the sidx, a player never gets
  appended += size;
  reader.appendBuffer(bytes);
}

const [init, ...ranges] = argv.slice(3);
await append(init);
if (!info) fail("the init section is not enough to begin with");
const [track] = info.tracks, fragments = [];
for (const range of ranges) {
  const before = reader.getTrackById(track.id).samples.length;
  await append(range);
  const samples = reader.getTrackById(track.id).samples.slice(before);
  fragments.push({
    samples: samples.length, sync: samples.map((one) => one.is_sync), time: samples[0].dts,
    duration: samples.reduce((sum, one) => sum + one.duration, 0),
    composed: Math.min(...samples.map((one) => one.cts)),
  });
}
await file.close();

const trak = reader.moov.traks[0], entry = trak.mdia.minf.stbl.stsd.entries[0];
const { sinf } = entry;
stdout.write(JSON.stringify({
  brands: info.brands, codec: track.codec, timescale: track.timescale, language: track.language,
  width: track.video?.width, height: track.video?.height, channels: track.audio?.channel_count,
  rate: track.audio?.sample_rate, edits: trak.edts?.elst?.entries.map((one) => one.media_time) ?? [],
  boxes: reader.boxes.map((one) => one.type), entry: entry.type,
  original: sinf?.frma.data_format, scheme: sinf?.schm.scheme_type, kid: sinf?.schi.tenc?.default_KID, fragments,
}));
