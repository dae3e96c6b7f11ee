// What goes wrong, and how it goes on: by itself where the network was away, by a button where the film does not play.

import { Connection } from "./connection.js";

export class Recovery {
  /** @param {import("./player.js").OttPlayer} player */
  constructor(player) {
    Object.assign(this, { player, hungry: false, broken: false });
    this.connection = new Connection(() => this.#ask(), (lost) => this.#changed(lost));
  }

  begin() { this.connection.begin(); }

  reset() {
    this.hungry = this.broken = false;
    this.connection.reset();
  }

  close() { this.connection.close(); }

  /** Something was fetched. */
  working() {
    const { hungry } = this;
    this.hungry = false;
    this.connection.working();
    // One track may be back while another gave up before.
    if (hungry) this.player.engine.retry();
  }

  /** @param {import("./engine.js").Trouble} trouble while it plays */
  troubled({ code, detail, fatal, passing }) {
    const { player } = this;
    if (passing && fatal) {
      this.hungry = true;
      if (!this.connection.lost) player.tell("ott-error", { code, detail, fatal: false });
      this.connection.failing();
      return;
    }
    this.broken = fatal && /^(shaka_|script)/.test(code); // what was refused can be asked for again
    const taken = !player.tell("ott-error", { code, detail, fatal }, { cancelable: true });
    if (!fatal || taken) return;
    const { texts } = player;
    player.video.pause();
    player.say(texts.failed, { tone: "error", action: texts.again, onAction: () => this.retry() });
  }

  /** Waits until it makes sense to load once more. Rejects with the trouble where it does not. */
  async beforeAnother(trouble) {
    this.troubled(trouble);
    if (!trouble.passing) throw trouble;
    await this.connection.next();
  }

  retry() {
    const { player } = this;
    if (player.session && (this.broken || !player.engine.retry())) player.loadAgain().catch(() => {}); // told by an event
  }

  #changed(lost) {
    const { player } = this;
    player.toggleAttribute("data-offline", lost);
    player.say(lost ? player.texts.offline : "");
    if (!lost) player.announce(player.texts.online);
    player.tell("ott-network", { lost });
  }

  /** Where nothing failed yet (the browser only said that it is offline): can the site be reached again? */
  async #ask() {
    const { player, hungry } = this;
    if (!player.session) return;
    if (hungry) {
      player.engine.retry();
      return;
    }
    const answer = await fetch(player.session.dash_url, { method: "HEAD", cache: "no-store" }).catch(() => null);
    if (answer && answer.status < 500) this.connection.working();
  }
}
