/* Uploading videos: piece by piece (tus 1.0), so that nothing is sent twice. No framework.

   A place for it is [data-uploader][data-upload="address"], or a select[data-upload="address"] that a new
   video is chosen in. What was begun is remembered in localStorage by the file's name, size and date. */
"use strict";

(() => {
    const PIECE = 64 * 1024 * 1024;
    const DELAYS = [1, 2, 4, 8, 15, 30];
    const KEPT_DAYS = 14;
    const TYPE = "application/offset+octet-stream";
    const ENDED = ["ready", "failed"];
    const STUCK = ["quarantined", "cancelled"];
    const running = new Set();

    const token = () => document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
    const wait = (seconds) => new Promise((done) => { setTimeout(done, seconds * 1000); });
    const base64 = (text) => btoa(String.fromCodePoint(...new TextEncoder().encode(text)));

    function make(tag, attributes = {}, ...children) {
        const made = document.createElement(tag);
        for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
        made.append(...children);
        return made;
    }

    function size(bytes) {
        const units = ["bytes", "kB", "MB", "GB", "TB"];
        let unit = 0;
        while (bytes >= 1000 && unit < units.length - 1) [bytes, unit] = [bytes / 1000, unit + 1];
        return `${bytes.toFixed(unit ? 1 : 0)} ${units[unit]}`;
    }

    function duration(seconds) {
        if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
        if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
        return `${Math.floor(seconds / 3600)} h ${Math.round(seconds % 3600 / 60)} min`;
    }

    /* --- What was begun ------------------------------------------------------------------------------- */

    const memory = {
        key: (file, place) => `newsroom-upload:${[place.upload, place.asset ?? "", place.role ?? "", place.language ?? "", ...place.marks?.() ?? [], file.name, file.size, file.lastModified].join("|")}`,
        get(key) {
            try {
                return JSON.parse(localStorage.getItem(key))?.url ?? null;
            } catch {
                return null;
            }
        },
        set(key, url) {
            try {
                localStorage.setItem(key, JSON.stringify({ url, at: Date.now() }));
            } catch { /* Full or forbidden: it goes on as long as this page is open. */ }
        },
        drop(key) {
            try {
                localStorage.removeItem(key);
            } catch { /* It was not kept either. */ }
        },
        tidy() {
            try {
                const before = Date.now() - KEPT_DAYS * 86400000;
                const old = Object.keys(localStorage).filter((key) => key.startsWith("newsroom-upload:"));
                old.filter((key) => !(JSON.parse(localStorage.getItem(key))?.at > before)).forEach((key) => localStorage.removeItem(key));
            } catch { /* Then it stays. */ }
        },
    };

    /* --- One request ------------------------------------------------------------------------------------ */

    class Refusal extends Error {
        constructor(status, problem) {
            super(problem.detail || `That did not work (${status}).`);
            this.status = status;
            this.code = problem.code;
        }
    }

    /* No connection, or no answer of ours. */
    class Lost extends Error {}

    class Paused extends Error {}

    function inWords(problem) {
        if (problem.detail?.startsWith("CSRF")) return "You have signed in anew since this page was opened. Reload it and choose the same file: it goes on where it ended.";
        return problem.errors?.map((one) => one.detail).join(" ") || problem.detail;
    }

    function ask(method, url, headers = {}, body = null, { signal, progress } = {}) {
        return new Promise((done, fail) => {
            const request = new XMLHttpRequest();
            request.open(method, url);
            const all = { "Tus-Resumable": "1.0.0", "X-CSRFToken": token(), ...headers };
            for (const [name, value] of Object.entries(all)) request.setRequestHeader(name, value);
            if (progress) request.upload.onprogress = (event) => progress(event.loaded);
            request.onerror = () => fail(new Lost("The connection was lost."));
            request.onabort = () => fail(new Paused());
            request.onload = () => {
                if (!request.getResponseHeader("Tus-Resumable")) {
                    const out = request.status < 500 && request.responseURL.includes("/login/");
                    fail(out ? new Refusal(401, { detail: "You are signed out. Sign in in another window, then press Resume." }) : new Lost(`The server did not answer as it should (${request.status}).`));
                } else if (request.status >= 400) {
                    let problem = {};
                    try {
                        problem = JSON.parse(request.responseText);
                    } catch { /* HEAD has no body. */ }
                    fail(new Refusal(request.status, { ...problem, detail: inWords(problem) }));
                } else {
                    done(request);
                }
            };
            signal?.addEventListener("abort", () => request.abort());
            if (signal?.aborted) {
                fail(new Paused());
                return;
            }
            request.send(body);
        });
    }

    /* --- One file ----------------------------------------------------------------------------------------- */

    class Transfer {
        constructor(file, place, { received } = {}) {
            Object.assign(this, { file, place, received, sent: 0, speed: 0, tries: 0 });
            this.marks = place.marks?.() ?? [];
            this.key = memory.key(file, place);
            this.url = memory.get(this.key);
            this.draw();
        }

        draw() {
            this.bar = make("progress", { max: this.file.size, value: 0, "aria-label": `${this.file.name}, sent` });
            this.line = make("p", { class: "nr-transfer-line nr-quiet" });
            this.said = make("p", { class: "nr-hidden", role: "status" });
            this.toggle = make("button", { type: "button", class: "nr-button nr-button-small", hidden: "" }, "Pause");
            this.toggle.addEventListener("click", () => this.turn());
            this.away = make("button", { type: "button", class: "nr-button nr-button-small" }, "Give up");
            this.away.addEventListener("click", () => this.giveUp());
            this.buttons = make("div", { class: "nr-buttons" }, this.toggle, this.away);
            const name = make("p", { class: "nr-transfer-name" }, make("strong", {}, this.file.name), ` ${size(this.file.size)}`);
            this.row = make("li", { class: "nr-transfer" }, make("div", { class: "nr-transfer-text" }, name, this.bar, this.line), this.buttons, this.said);
        }

        /* Shown to all, and read out where it is news. */
        tell(text, { news = true, bad = false } = {}) {
            this.line.textContent = text;
            this.line.className = bad ? "nr-transfer-line nr-error" : "nr-transfer-line nr-quiet";
            if (news) this.said.textContent = `${this.file.name}: ${text}`;
        }

        async run() {
            this.control = new AbortController();
            running.add(this);
            this.turnable("Pause");
            try {
                await this.sendAll();
                memory.drop(this.key);
                this.buttons.remove();
                running.delete(this);
                this.follow();
            } catch (error) {
                running.delete(this);
                this.stopped(error);
            }
        }

        turnable(label) {
            this.toggle.textContent = label;
            this.toggle.hidden = !label;
        }

        waits() {
            this.turnable("");
            this.tell("Waiting …", { news: false });
        }

        stopped(error) {
            this.turnable("Resume");
            if (error instanceof Paused) {
                this.tell(`Paused at ${this.percent()} %.`);
            } else {
                this.tell(error.message, { bad: true });
                // The same file would be refused for the same reason.
                if ([400, 403, 413].includes(error.status)) this.turnable("");
            }
        }

        async sendAll() {
            for (;;) {
                try {
                    if (!this.url) await this.begin();
                    await this.find();
                    while (this.sent < this.file.size) await this.sendPiece();
                    return;
                } catch (error) {
                    await this.recover(error);
                }
            }
        }

        async recover(error) {
            if (error instanceof Refusal && [404, 410].includes(error.status)) {
                // It expired, or it was another person's: from the beginning.
                memory.drop(this.key);
                this.url = null;
                if (++this.tries > DELAYS.length) throw error;
                return;
            }
            const passes = error instanceof Lost || [409, 423, 429, 460, 500, 502, 503, 504].includes(error.status);
            if (!passes) throw error;
            const delay = DELAYS[Math.min(this.tries, DELAYS.length - 1)];
            this.tries += 1;
            this.tell(`${error.message} Trying again in ${delay} s …`, { news: this.tries === 1 });
            await this.pause(delay);
        }

        /* Until the time is over, the network is back, or somebody pauses it. */
        pause(seconds) {
            const { signal } = this.control;
            return new Promise((done, fail) => {
                const ended = new AbortController();
                const timer = setTimeout(() => { ended.abort(); done(); }, seconds * 1000);
                addEventListener("online", () => { clearTimeout(timer); ended.abort(); done(); }, { signal: ended.signal });
                signal.addEventListener("abort", () => { clearTimeout(timer); ended.abort(); fail(new Paused()); }, { signal: ended.signal });
                if (signal.aborted) fail(new Paused());
            });
        }

        async begin() {
            const told = { filename: this.file.name, role: this.place.role, asset: this.place.asset, language: this.place.language };
            for (const mark of this.marks) told[mark] = "true";
            const pairs = Object.entries(told).filter(([, value]) => value).map(([name, value]) => `${name} ${base64(value)}`);
            const answer = await ask("POST", this.place.upload, { "Upload-Length": this.file.size, "Upload-Metadata": pairs.join(",") }, null, this.control);
            this.url = new URL(answer.getResponseHeader("Location"), location).pathname;
            memory.set(this.key, this.url);
        }

        async find() {
            const answer = await ask("HEAD", this.url, {}, null, this.control);
            this.at(Number(answer.getResponseHeader("Upload-Offset")));
        }

        async sendPiece() {
            const from = this.sent;
            const piece = this.file.slice(from, from + PIECE);
            const began = performance.now();
            const progress = (loaded) => {
                const seconds = (performance.now() - began) / 1000;
                if (seconds > 0.3) this.speed = this.speed * 0.7 + loaded / seconds * 0.3 || loaded / seconds;
                this.at(from + loaded, { moving: true });
            };
            const answer = await ask("PATCH", this.url, { "Content-Type": TYPE, "Upload-Offset": from }, piece, { signal: this.control.signal, progress });
            this.tries = 0;
            this.at(Number(answer.getResponseHeader("Upload-Offset")));
        }

        percent() {
            return Math.floor(this.sent / this.file.size * 100);
        }

        at(offset, { moving = false } = {}) {
            this.sent = Math.min(offset, this.file.size);
            this.bar.value = this.sent;
            const left = this.speed ? `, ${size(this.speed)}/s, ${duration((this.file.size - this.sent) / this.speed)} left` : "";
            this.tell(`${this.percent()} %, ${size(this.sent)}${left}`, { news: !moving && this.sent === 0 });
        }

        turn() {
            if (running.has(this)) {
                this.control.abort();
            } else {
                this.place.queue.add(this);
            }
        }

        async giveUp() {
            if (this.sent && !confirm(`Give up the upload of ${this.file.name}? What was sent of it is deleted.`)) return;
            this.control?.abort();
            this.place.queue.drop(this);
            memory.drop(this.key);
            this.row.remove();
            if (!this.url) return;
            try {
                await ask("DELETE", this.url);
            } catch { /* It expires by itself. */ }
        }

        /* --- After the last byte: what becomes of it --- */

        async follow() {
            let chosen = false;
            this.tell("Received. It waits to be processed …");
            for (let last = "";; await wait(document.hidden ? 10 : 2)) {
                let upload;
                try {
                    upload = JSON.parse((await ask("GET", this.url)).responseText);
                } catch (error) {
                    if (error instanceof Refusal && error.status < 500) {
                        if (!chosen) this.tell(error.message, { bad: true });
                        return;
                    }
                    continue;
                }
                const video = upload.asset;
                if (!video) continue;
                if (!chosen) this.received?.(video);
                if (!chosen) this.bar.replaceWith(this.bar = make("progress", { max: 100, value: 0, "aria-label": `${this.file.name}, processed` }));
                chosen = true;
                const told = this.standing(video);
                if (told.text !== last) this.tell(told.text, { bad: told.bad, news: told.state !== this.state });
                [last, this.state] = [told.text, told.state];
                this.bar.value = told.percent;
                if (told.over) {
                    this.end(video);
                    return;
                }
            }
        }

        standing(video) {
            const percent = video.state === "ready" ? 100 : video.job?.percent ?? 0;
            const state = video.state === "failed" || STUCK.includes(video.job?.state) ? "failed" : video.state;
            const twin = video.duplicate_of ? ` The very same file was uploaded before, as “${video.duplicate_of.name}”.` : "";
            const text = {
                ready: "Ready to play.",
                failed: `It cannot be played. ${video.failure || video.job?.cause || ""}`,
                uploaded: `Received. It waits to be processed. ${video.job?.cause ?? ""}`,
            }[state] ?? `Being processed: ${Math.floor(percent)} %. ${video.job?.cause ?? ""}`;
            return { state, percent, text: (text + twin).trim(), bad: state === "failed", over: ENDED.includes(state) };
        }

        end(video) {
            this.line.append(" ", make("a", { class: "nr-link", href: video.page }, "Look at it"));
        }
    }

    /* --- Files one after the other -------------------------------------------------------------------------- */

    class Queue {
        waiting = [];

        busy = false;

        add(transfer) {
            if (this.waiting.includes(transfer) || running.has(transfer)) return;
            this.waiting.push(transfer);
            transfer.waits();
            this.next();
        }

        drop(transfer) {
            this.waiting = this.waiting.filter((one) => one !== transfer);
        }

        async next() {
            if (this.busy) return;
            this.busy = true;
            for (let one; (one = this.waiting.shift());) await one.run();
            this.busy = false;
        }
    }

    /* --- Places for files ------------------------------------------------------------------------------------ */

    let count = 0;

    function furnish(element, place, { label, multiple, received }) {
        const id = `nr-upload-${++count}`;
        const input = make("input", { type: "file", id, class: "nr-hidden", accept: place.accept ?? "video/*,audio/*,.mkv,.ts,.m2ts,.mxf,.avi" });
        input.multiple = multiple;
        // So that Unfold does not look for the text field of its own file widget.
        input.hasChangeListener = true;
        const list = make("ul", { class: "nr-transfers" });
        const zone = make("div", { class: "nr-drop" },
            input, make("label", { for: id, class: "nr-button" }, label), make("span", { class: "nr-quiet" }, multiple ? "or drop files here" : "or drop a file here"));
        element.append(zone, list);
        place.queue = new Queue();
        const take = (files) => {
            for (const file of [...files].slice(0, multiple ? undefined : 1)) {
                const transfer = new Transfer(file, place, { received });
                list.append(transfer.row);
                place.queue.add(transfer);
            }
        };
        input.addEventListener("change", () => { take(input.files); input.value = ""; });
        zone.addEventListener("dragover", (event) => { event.preventDefault(); zone.classList.add("nr-drop-over"); });
        zone.addEventListener("dragleave", () => zone.classList.remove("nr-drop-over"));
        zone.addEventListener("drop", (event) => {
            event.preventDefault();
            zone.classList.remove("nr-drop-over");
            take(event.dataTransfer.files);
        });
    }

    /* The new video is what the field says; it is saved with the form. */
    function choose(select, video) {
        const { value, label } = video.option;
        if (select.value === String(value)) return;
        select.append(new Option(label, value, true, true));
        select.value = value;
        for (const name of ["input", "change"]) select.dispatchEvent(new Event(name, { bubbles: true }));
    }

    function awaken(root) {
        for (const section of root.querySelectorAll("[data-uploader]:not([data-awake])")) {
            section.dataset.awake = "";
            // What somebody ticked beside it, when the file is chosen.
            const boxes = section.closest(".nr-addition")?.querySelectorAll("[data-mark]") ?? [];
            const marks = () => [...boxes].filter((one) => one.checked).map((one) => one.dataset.mark);
            furnish(section, { ...section.dataset, marks }, { label: "Choose files", multiple: section.dataset.single === undefined });
        }
        for (const select of root.querySelectorAll("select[data-upload]:not([data-awake])")) {
            select.dataset.awake = "";
            const holder = make("div", { class: "nr-uploader nr-uploader-field" });
            const wrapper = select.closest(".related-widget-wrapper") ?? select;
            const anchor = wrapper.nextElementSibling?.classList.contains("select2") ? wrapper.nextElementSibling : wrapper;
            anchor.after(holder);
            furnish(holder, { upload: select.dataset.upload }, { label: "Upload a video", multiple: false, received: (video) => choose(select, video) });
        }
    }

    document.addEventListener("DOMContentLoaded", () => { memory.tidy(); awaken(document); });
    document.addEventListener("formset:added", (event) => awaken(event.target));
    addEventListener("beforeunload", (event) => { if (running.size) event.preventDefault(); });
})();
