// Mouse and fingers on the picture. A mouse plays and pauses; a finger shows the controls, and twice at a side it jumps.

const DOUBLE_MS = 300;
const STEP_MS = 10_000;

/**
 * @param {HTMLElement} surface
 * @param {import("./player.js").OttPlayer} player
 */
export function gestures(surface, player) {
  let tappedAt = 0;
  let side = 0;
  let waiting = 0;
  let by = "mouse"; // not every browser says it of clicks
  let closes = false;

  surface.addEventListener("pointerdown", ({ pointerType }) => {
    by = pointerType;
    closes = player.popups.open; // which is what this click is for
  });
  surface.addEventListener("click", (event) => {
    if (closes) closes = false;
    else if ((event.pointerType || by) === "touch") tap(event);
    else player.toggle();
  });
  surface.addEventListener("dblclick", () => { if (by !== "touch") player.toggleFullscreen(); });

  function tap(event) {
    const { left, width } = surface.getBoundingClientRect();
    const share = (event.clientX - left) / width;
    const where = share < 0.35 ? -1 : share > 0.65 ? 1 : 0;
    const again = where && where === side && event.timeStamp - tappedAt < DOUBLE_MS;
    [tappedAt, side] = [event.timeStamp, where];
    clearTimeout(waiting);
    if (again) {
      player.seekBy(where * STEP_MS, { flash: true });
    } else if (!where) {
      player.toggleControls();
    } else {
      // Whether another tap follows; a third and a fourth jump further.
      waiting = setTimeout(() => player.toggleControls(), DOUBLE_MS);
    }
  }
}
