/* Read the posts of TikTok's desktop layout with visible comments, one after the other.

   USE   Open a post so that its comments are beside it, paste this file into the browser's console, and enter

             results = await scrape_tiktoks(100, delay=2000);
             console.log(JSON.stringify(results));

         or, instead of the second line, `download_results()`, which saves the same JSON as a file for data/info/.
         `delay=2000` is how JavaScript reads a keyword argument: it assigns a global named `delay` and passes its value.
         Keep the tab in front: browsers let hidden tabs neither scroll nor load.

   LAW   Collect only what you may: your own data, or what a licence, a permission or the law on research lets you
         collect; the site's terms of use and the rights of the people who wrote apply to you, and their posts are
         personal data. The script reads what the page shows to its user and presses the buttons that the user could
         press. It passes no barrier: a log-in, an age gate or a captcha is for the user, and a refusal is final.
         It reads no profile links and no pictures of commenters: what the corpus does not need is not collected.

   DELAY `delay` (milliseconds) is only a ceiling. The script watches the page (MutationObserver) and goes on as soon as
         what it waits for has come; it gives up when nothing more has come for `delay`, and then the record says so.

   CALLS scrape_tiktoks(n, delay, {max_comments, replies, run})   the posts, this one first, as an array of records
         check_page()         says which parts of the page it cannot find, and which selectors it tried
         scrape_progress()    {run, state, wanted, records, errors, repeats, waits, ceilings, ...}
         stop_scraping()      finishes the post in hand, then the call above returns what it has (called twice: does not
                              wait for the rest of its comments either)
         download_results()   saves the records of this run (or of the run that is named) as a JSON file
         stored_results()     the runs that this browser still keeps, with their record counts
         forget_results()     deletes them from the browser (or only the run that is named)
         extract_tiktok_information(delay)   only the post that is shown

   STATE Every record is put into the browser's IndexedDB as soon as it is read (localStorage is too small for a long
         run), and sessionStorage remembers which run the tab was in. After a reload, a crash or a stop, paste the script
         again and enter the same line: the run goes on behind its last record and returns all of them. A run is over
         when it has its n records or the page leads no further; the next call then starts a new one, behind the last
         post if that is still shown. The last finished run is kept beside the current one, older ones are deleted.

   SHAPE of the result: an array with one record for each post. The original's keys, as the page shows them (text):
           video-src, coverphoto-src, permalink, web-id, id, like-count, comment-count, creator-username ('@name'),
           creator-nickname, time-posted, music-title, music-src, description, comments, scrape-timestamp (number,
           seconds since 1970). What the page does not show is null.
         and beside them
           status             'ok' | 'error': a post that could not be read is a record, too; id, permalink and
                              scrape-timestamp are filled as far as they are known, everything else is null
           reason             why it is an error, else null
           missing            names of the keys above that the page did not show
           media-type         'video' | 'photo' | null
           slide-srcs         addresses of a photo post's pictures, in order, without the carousel's repeats; [] for
                              a video
           captions           [{language, label, src, text, segments: [{start, end, text}]}]; text and segments (seconds)
                              are null when the page's track could not be loaded; [] when there is none
           comments-complete  true: as many as the page's own exact count; false: some did not come;
                              null: no exact count to tell by ('1.2K'), and nothing short as far as one can see
           comments-end       why reading ended: 'count reached' | 'nothing more came' | 'limit' | 'stopped'
           scraper            name and version of this format
         Each comment, in the order of the page, a thread's replies right behind its first comment:
           commenter-username ('@' and the shown name), comment-text, time-posted, like-count, replies-count (text, ''
           when the page announces none), and
           reply-to           index in this list, from 0, of the comment that opened the thread; null for that one itself
           reply-to-username  whom a reply answers, '@' and the shown name: the one whom the page names, else the one
                              who opened the thread; null for top comments
           comment-id         the page's own id of the comment, where it has one, else null
*/
(() => {
    "use strict";

    const FORMAT = "tiktok-retrieval-scraper 1";
    const DEFAULT_DELAY = 2000;
    // A header that has not changed for so long is taken as whole (milliseconds)
    const SETTLED = 60;
    // The site is somebody's: never faster than a quick person
    const COURTESY = 200;
    // So many posts in a row that were read before, beyond those that a resumed run has to pass, mean that the feed
    // goes round
    const REPEATS_IN_A_ROW = 20;

    /* Everything that depends on the page's markup. The first selector that matches is used, the others are fallbacks.
       need: 'always' | 'video' | 'photo' | 'comments' (when there are comments) | 'sometimes' */
    const SELECTORS = {
        next_button: {
            need: "always",
            css: [
                "button[data-e2e='arrow-right']", "[data-e2e='arrow-right']",
                "button[aria-label='Go to next video']",
            ],
        },
        previous_button: {
            need: "sometimes",
            css: [
                "button[data-e2e='arrow-left']", "[data-e2e='arrow-left']",
                "button[aria-label='Go to previous video']",
            ],
        },
        video: { need: "video", css: ["video"] },
        slide: {
            need: "photo",
            css: [
                "[data-e2e='browse-photo'] img", "[class*='DivPhotoVideoContainer'] img",
                "[class*='PhotoSlide'] img", "img[class*='ImgPhotoSlide']", ".swiper-slide img",
                "[class*='wiper'] img", "[class*='arousel'] img", "[class*='lider'] img",
            ],
        },
        cover: {
            need: "video",
            css: [
                "img[mode='2']", "[data-e2e='browse-video'] img", "[class*='DivVideoContainer'] img",
                "img[class*='ImgPoster']",
            ],
        },
        permalink: {
            need: "always",
            css: [
                "[data-e2e='browse-video-link']", "[class*='PCopyLinkText']", "[class*='DivCopyLinkContainer'] p",
            ],
        },
        like_count: {
            need: "always",
            css: [
                "[data-e2e='browse-like-count']", "strong[data-e2e='like-count']",
                "[data-e2e='browse-like-icon'] ~ strong",
            ],
        },
        comment_count: {
            need: "always",
            css: [
                "[data-e2e='browse-comment-count']", "strong[data-e2e='comment-count']",
                "[data-e2e='browse-comment-icon'] ~ strong",
            ],
        },
        username: {
            need: "always",
            css: [
                "[data-e2e='browse-username']", "[class*='SpanUniqueId']",
                "[class*='StyledLink'] [class*='H3AuthorTitle']",
            ],
        },
        nickname: {
            need: "always",
            css: [
                "[data-e2e='browser-nickname']", "[data-e2e='browse-nickname']", "[class*='SpanOtherInfos']",
            ],
        },
        music: {
            need: "always",
            css: [
                "[data-e2e='browse-music']", "[data-e2e='video-music']", "[class*='H4MusicTitle']",
                "[class*='DivMusicText']",
            ],
        },
        description: {
            need: "always",
            css: [
                "[data-e2e='browse-video-desc']", "[data-e2e='video-desc']",
                "[class*='DivVideoInfoContainer'] [class*='DivDesc']",
            ],
        },
        comment_list: {
            need: "sometimes",
            css: [
                "[data-e2e='comment-list']", "[class*='DivCommentListContainer']", "[class*='CommentListContainer']",
            ],
        },
        comment_text: {
            need: "comments",
            css: [
                "[data-e2e='comment-level-1']",
                "[class*='DivCommentObjectWrapper'] > [class*='DivCommentItemWrapper'] [class*='CommentText']",
                "[class*='DivCommentItemContainer'] > [class*='DivCommentContentContainer'] [class*='PCommentText']",
            ],
        },
        comment_username: {
            need: "comments",
            css: [
                "[data-e2e='comment-username-1']", "[class*='DivUsernameContentWrapper']",
                "[class*='SpanUserNameText']", "a[href*='/@']",
            ],
        },
        comment_time: {
            need: "comments",
            css: [
                "[data-e2e='comment-time-1']", "[class*='SpanCreatedTime']",
                "[class*='DivCommentSubContentWrapper'] > span",
            ],
        },
        comment_likes: {
            need: "comments",
            css: [
                "[data-e2e^='comment-like-count']", "[class*='SpanCount']", "[class*='DivLikeContainer'] span",
            ],
        },
        view_replies: {
            need: "sometimes",
            css: [
                "[data-e2e='view-more-1'], [data-e2e='view-more-2']", "[class*='DivViewRepliesContainer'] > span",
                "[class*='ReplyActionText']",
            ],
        },
        reply_text: {
            need: "sometimes",
            css: [
                "[data-e2e='comment-level-2']",
                "[class*='DivReplyContainer'] [class*='DivCommentItemWrapper'] [class*='CommentText']",
                "[class*='DivReplyContainer'] [class*='PCommentText']",
            ],
        },
        reply_username: {
            need: "sometimes",
            css: [
                "[data-e2e='comment-username-2']", "[class*='DivUsernameContentWrapper']",
                "[class*='SpanUserNameText']", "a[href*='/@']",
            ],
        },
        reply_time: {
            need: "sometimes",
            css: [
                "[data-e2e='comment-time-2']", "[data-e2e='comment-time-1']", "[class*='SpanCreatedTime']",
                "[class*='DivCommentSubContentWrapper'] > span",
            ],
        },
    };
    // The words of a button that closes a thread, in the site's larger languages
    const HIDES = new RegExp("\\b(hide|ausblenden|verbergen|masquer|ocultar|nascondi|esconder|gizle|ukryj|sembunyikan)\\b"
        + "|скрыть|隐藏|隱藏|非表示|숨기기|ซ่อน|ẩn", "i");
    const DATE = /^(\d{4}-)?\d{1,2}-\d{1,2}$|\bago$|^\d+\s*(s|m|h|d|w|mo|y)$/i;

    // ------------------------------------------------------------------------------------------- reading the page

    function find_all(name, root = document) {
        for (const css of SELECTORS[name].css) {
            const found = root.querySelectorAll(css);
            if (found.length) return [...found];
        }
        return [];
    }

    function find(name, root = document) {
        return find_all(name, root)[0] ?? null;
    }

    // The text of the first match that has one: a picture's link may come before the name's
    function find_text(name, root = document) {
        for (const element of find_all(name, root)) {
            const text = text_of(element);
            if (text) return text;
        }
        return null;
    }

    // A feed may keep the players of its neighbours ready: the one of the post is the one that is seen most of
    function find_in_sight(name) {
        const seen = (element) => {
            const { left, right, top, bottom } = element.getBoundingClientRect();
            return Math.max(0, Math.min(right, innerWidth) - Math.max(left, 0))
                * Math.max(0, Math.min(bottom, innerHeight) - Math.max(top, 0));
        };
        const found = find_all(name);
        return found.length < 2 ? found[0] ?? null : found.reduce((best, one) => (seen(one) > seen(best) ? one : best));
    }

    function css_in_use(name) {
        return SELECTORS[name].css.find((css) => document.querySelector(css)) ?? null;
    }

    // What a person reads in an element; a picture inside text (a sticker, an emoji) counts as its alternative text
    function text_of(element) {
        if (!element) return null;
        // innerText keeps the lines; textContent also sees what a style hides (visibility)
        const text = (element.innerText ?? "").trim() || element.textContent.trim();
        if (text) return text;
        const pictured = [...element.querySelectorAll("img[alt]")].map((image) => image.alt).join("");
        return pictured.trim() || null;
    }

    // '113' -> exact; '22.6K' -> what was rounded to it; anything else -> null
    function read_count(text) {
        const match = /([\d.,\u00a0 ]*\d)\s*([KMB])?\b/i.exec(text ?? "");
        if (!match) return null;
        if (!match[2]) {
            const number = Number(match[1].replace(/\D/g, ""));
            return { low: number, high: number, exact: true, text: match[1].trim() };
        }
        const unit = { K: 1e3, M: 1e6, B: 1e9 }[match[2].toUpperCase()];
        const decimals = (/[.,](\d+)$/.exec(match[1]) ?? ["", ""])[1].length;
        const number = Number(match[1].replace(",", "."));
        const step = unit / 10 ** decimals;
        return { low: number * unit - step / 2, high: number * unit + step, exact: false, text: match[0].trim() };
    }

    function post_in(address) {
        // A link that is shown cut off ends in dots, and half an id is none
        const match = /\/(video|photo)\/(\d+)(?![\d…]|\.\.\.)/.exec(address ?? "");
        return match && { id: match[2], kind: match[1] };
    }

    function read_nickname() {
        const lines = (text_of(find("nickname")) ?? "").split("\n").map((line) => line.trim())
            .filter((line) => line && line !== "·");
        if (lines.length === 1 && lines[0].includes("·")) {
            const cut = lines[0].lastIndexOf("·");
            const tail = lines[0].slice(cut + 1).trim();
            if (DATE.test(tail)) return { nickname: lines[0].slice(0, cut).trim() || null, posted: tail };
        }
        if (lines.length >= 2) return { nickname: lines[0], posted: lines[lines.length - 1] };
        if (DATE.test(lines[0] ?? "")) return { nickname: null, posted: lines[0] };
        return { nickname: lines[0] ?? null, posted: null };
    }

    function source_of(image) {
        return image ? image.currentSrc || image.src || image.dataset.src || null : null;
    }

    // Where no selector knows the carousel: the pictures that are neither a cover nor a person's
    function slide_images() {
        const known = find_all("slide");
        if (known.length || post_in(text_of(find("permalink")) ?? location.href)?.kind !== "photo") return known;
        const others = "a[href*='/@'], [class*='vatar'], [data-e2e*='avatar'], [data-e2e^='comment'], [class*='Comment'], "
            + "[mode='2']";
        return [...document.querySelectorAll("img")].filter((image) => !image.closest(others) && image.alt !== "avatar");
    }

    /* A carousel that goes round repeats its last slide in front and its first one behind. Marked repeats are dropped,
       numbered slides are put in order; unmarked repeats are known by the pattern. */
    function slide_sources() {
        const repeats = "[class*='duplicate'], [class*='clone'], [data-duplicate='true']";
        const slides = slide_images().filter((image) => !image.closest(repeats)).map((image) => ({
            source: source_of(image),
            number: Number(image.closest("[data-swiper-slide-index]")?.dataset.swiperSlideIndex ?? NaN),
        }));
        // Sorting is stable: what has no number keeps its place
        if (slides.every(({ number }) => !Number.isNaN(number))) slides.sort((one, other) => one.number - other.number);
        let sources = slides.map(({ source }) => source);
        const last = sources.length - 1;
        if (last >= 2 && sources[0] === sources[last - 1] && sources[last] === sources[1]) sources = sources.slice(1, -1);
        return [...new Set(sources)];
    }

    // The parts that tell one post from the next; none of them is a comment
    function read_header() {
        const permalink = text_of(find("permalink"));
        const music = find("music");
        const music_link = music && (music.matches("a") ? music : music.querySelector("a"));
        const username = text_of(find("username"));
        const { nickname, posted } = read_nickname();
        return {
            "permalink": permalink,
            "like-count": text_of(find("like_count")),
            "comment-count": text_of(find("comment_count")),
            "creator-username": username && "@" + username.replace(/^@/, ""),
            "creator-nickname": nickname,
            "time-posted": posted,
            "music-title": text_of(music_link ?? music),
            "music-src": music_link?.href || null,
            "description": text_of(find("description")),
        };
    }

    function read_media(kind) {
        const video = find_in_sight("video");
        const photo = kind === "photo" || (kind === null && !video && slide_images().length > 0);
        return {
            "media-type": photo ? "photo" : kind ?? (video ? "video" : null),
            "video-src": photo ? null : video?.currentSrc || video?.src || video?.querySelector("source")?.src || null,
            "coverphoto-src": photo ? null : source_of(find_in_sight("cover")) || video?.poster || null,
            "slide-srcs": photo ? slide_sources() : [],
        };
    }

    // ------------------------------------------------------------------------------------------------- waiting

    // Kept beside the functions, so that a script pasted a second time still knows of the run
    const state = globalThis.__tiktok_scraper_state
        ?? { is_running: false, run: null, results: [], progress: null, stops: 0, counters: { waits: 0, ceilings: 0 } };
    Object.defineProperty(globalThis, "__tiktok_scraper_state", { value: state, configurable: true, enumerable: false });

    /* Resolve to what `probe` returns as soon as it is truthy, or to null when `ceiling` milliseconds have passed.
       The probe is asked whenever the page changes; `nudge`, if given, is called at once and then now and again.
       A short look that is meant to find nothing is not counted (`is_counted`). */
    function wait_until(probe, ceiling, nudge = null, is_counted = true) {
        state.counters.waits += is_counted;
        return new Promise((resolve, reject) => {
            const timers = [];
            const observer = new MutationObserver(look);
            const finish = (settle, value) => {
                observer.disconnect();
                timers.forEach(clearTimeout);
                document.removeEventListener("load", look, true);
                document.removeEventListener("error", look, true);
                settle(value);
            };
            function look() {
                try {
                    const value = probe();
                    if (value) finish(resolve, value);
                    return Boolean(value);
                } catch (error) {
                    finish(reject, error);
                    return true;
                }
            }
            // Attributes count: a player's address and a disabled button are nothing else
            observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
            // Tracks and pictures change no node when they have loaded
            document.addEventListener("load", look, true);
            document.addEventListener("error", look, true);
            if (look()) return;
            timers.push(setTimeout(() => {
                if (look()) return;
                state.counters.ceilings += is_counted;
                finish(resolve, null);
            }, ceiling));
            if (nudge) {
                const again = () => {
                    nudge();
                    timers.push(setTimeout(again, Math.min(1000, Math.max(50, ceiling / 4))));
                };
                again();
            }
        });
    }

    function rest(milliseconds) {
        return new Promise((resolve) => setTimeout(resolve, milliseconds));
    }

    // Pages hear of a scroll with the next picture that is drawn; a tab that is hidden draws none
    function frames(count) {
        const drawn = new Promise((resolve) => {
            const next = (left) => (left ? requestAnimationFrame(() => next(left - 1)) : resolve());
            next(count);
        });
        return Promise.race([drawn, rest(1000)]);
    }

    // Wait until `read` has answered the same for a moment; a page is not painted in one go
    async function settle(read, ceiling) {
        let last = read();
        for (let waited = 0; waited < ceiling; waited += SETTLED) {
            await rest(Math.min(SETTLED, ceiling));
            const now = read();
            if (now === last) return;
            last = now;
        }
    }

    // ------------------------------------------------------------------------------------------------ comments

    function comment_css() {
        const texts = css_in_use("comment_text") ?? SELECTORS.comment_text.css[0];
        const replies = css_in_use("reply_text") ?? SELECTORS.reply_text.css[0];
        const buttons = css_in_use("view_replies") ?? SELECTORS.view_replies.css[0];
        return { texts, replies, buttons, rows: `${texts}, ${replies}`, all: `${texts}, ${replies}, ${buttons}` };
    }

    // The largest part of the page that belongs to this comment and to no other
    function row_of(text, css) {
        let row = text;
        for (let up = text.parentElement; up && up !== document.body; up = up.parentElement) {
            if (up.querySelectorAll(css.rows).length > 1) break;
            if (SELECTORS.comment_list.css.some((list) => up.matches(list))) break;
            if (SELECTORS.permalink.css.some((link) => up.querySelector(link))) break;
            row = up;
        }
        return row;
    }

    function id_of_comment(text, row) {
        const marked = text.closest("[data-comment-id]") ?? row.querySelector("[data-comment-id]");
        if (marked && row.contains(marked)) return marked.dataset.commentId;
        for (let up = text; up && row.contains(up); up = up.parentElement) {
            if (/^\d{10,}$/.test(up.id)) return up.id;
        }
        return null;
    }

    function names_of(text, css) {
        return find_all(text.matches(css.replies) ? "reply_username" : "comment_username", row_of(text, css));
    }

    function key_text(names, text) {
        return `${names.map((name) => name.textContent).join("")}\n${text.textContent}`;
    }

    // What tells a comment from another when the page gives no id
    function fingerprint(text, css) {
        return key_text(names_of(text, css), text);
    }

    /* Gathers the comments of one post while they come and go. A comment is known by the page's id or by its element;
       lists that take rows off the screen and put them back make new elements, so a row that returns with the same
       words, when its old element is gone, is the same comment. `stale` maps elements of the post before to what they
       said. */
    class Comments {
        constructor(stale, limit) {
            this.stale = stale;
            this.limit = limit;
            this.threads = [];
            this.of_element = new WeakMap();
            this.of_id = new Map();
            this.of_key = new Map();
            this.total = 0;
            this.hide_words = new Set();
        }

        // Take in what the page shows now; returns how many comments are known
        harvest() {
            const css = comment_css();
            // Replies and buttons belong to the last top comment above them, nested or not
            let thread = this.threads.at(-1) ?? null;
            for (const entry of this.threads) entry.buttons = [];
            for (const element of document.querySelectorAll(css.all)) {
                if (!element.matches(css.rows)) {
                    if (thread) this.note_button(thread, element);
                    continue;
                }
                const is_reply = element.matches(css.replies);
                const key = this.key_of(element, css);
                if (this.stale.get(element) === key) {
                    // What lies below a comment of the post before is not ours either
                    if (!is_reply) thread = null;
                    continue;
                }
                if (key.trim() === "" || (is_reply && thread === null)) continue;
                const entry = this.entry_for(element, key, is_reply, thread, css);
                if (!is_reply) thread = entry;
            }
            return this.total;
        }

        // To look at the whole row costs much more than to see that its words are the same
        key_of(element, css) {
            const entry = this.of_element.get(element);
            if (entry?.names.length && key_text(entry.names, element) === entry.key) return entry.key;
            return fingerprint(element, css);
        }

        entry_for(element, key, is_reply, thread, css) {
            let entry = this.of_element.get(element);
            if (entry && entry.key !== key) {
                if (entry.is_partial) this.fill(entry, element, key, is_reply, css);
                else entry = null;
            }
            if (entry) return entry;
            const row = row_of(element, css);
            const id = id_of_comment(element, row);
            const twins = this.of_key.get(key) ?? [];
            const is_gone = (twin) => !twin.element.isConnected || this.of_element.get(twin.element) !== twin;
            entry = id !== null ? this.of_id.get(id) : twins.find((twin) => twin.is_reply === is_reply && is_gone(twin));
            if (!entry) {
                entry = {
                    is_reply, replies: [], buttons: [], announced: null, gave_up: false, has_returned: false, redrawn: 0,
                };
                if (is_reply) thread.replies.push(entry);
                else this.threads.push(entry);
                this.total += 1;
                if (id !== null) this.of_id.set(id, entry);
                this.fill(entry, element, key, is_reply, css);
            } else {
                entry.has_returned = true;
                entry.names = names_of(element, css);
            }
            this.of_element.set(element, entry);
            entry.element = element;
            return entry;
        }

        fill(entry, element, key, is_reply, css) {
            const row = row_of(element, css);
            const level = is_reply ? "reply" : "comment";
            const username = find_text(`${level}_username`, row)?.replace(/\s+/g, " ") ?? null;
            entry.key = key;
            entry.names = names_of(element, css);
            this.of_key.set(key, [...(this.of_key.get(key) ?? []), entry]);
            entry.id = id_of_comment(element, row);
            // 'Somebody ▸ Another': the page names whom a reply answers
            const [name, ...answered] = (username ?? "").split(/\s*[▸►▶⏵]\s*/);
            entry.answered = answered.length ? "@" + answered.join(" ").replace(/^@/, "") : null;
            entry.username = username === null ? null : "@" + name.replace(/^@/, "");
            entry.text = text_of(element);
            entry.is_partial = !username || !entry.text;
            entry.element = element;
            this.read_details(entry, css);
        }

        read_details(entry, css) {
            const row = row_of(entry.element, css);
            entry.time = find_text(entry.is_reply ? "reply_time" : "comment_time", row);
            entry.likes = find_text("comment_likes", row);
        }

        note_button(thread, button) {
            const text = text_of(button) ?? "";
            if (HIDES.test(text) || button.hidden || this.hide_words.has(text)) return;
            thread.buttons.push(button);
            const shown = read_count(text);
            // Later numbers count what is left, so only the first one says how many replies there are
            if (thread.announced === null && shown) {
                const low = shown.low + thread.replies.length;
                thread.announced = { exact: shown.exact, low, text: thread.replies.length ? String(low) : shown.text };
            }
        }

        // The button that loads more of a thread: where several are left, the one with a number
        more_button(thread) {
            return thread.buttons.find((button) => /\d/.test(text_of(button) ?? "")) ?? thread.buttons[0] ?? null;
        }

        is_short(thread) {
            if (thread.announced !== null && thread.replies.length < thread.announced.low) return true;
            // A thread that was off the screen comes back closed: its button offers what is known already
            return this.more_button(thread) !== null && !(thread.has_returned && thread.announced?.exact);
        }

        async open_replies(thread, ceiling) {
            while (!thread.gave_up && this.is_short(thread) && state.stops < 2 && this.total < this.limit) {
                this.harvest();
                const known = thread.replies.length;
                const button = this.more_button(thread);
                const element = thread.element;
                if (!element.isConnected) return;
                const label = text_of(button);
                const visible = this.visible_replies(thread);
                button?.click();
                const more = await wait_until(() => {
                    this.harvest();
                    if (thread.replies.length > known) return "more";
                    // The list has taken the thread away, and our click with it
                    if (!element.isConnected) return "redrawn";
                    return visible > 0 && this.visible_replies(thread) < visible && "closed";
                }, ceiling);
                if (more === "closed" && label && !/\d/.test(label)) {
                    // A button that hides, in a language that we do not know: what it hid is known already
                    this.hide_words.add(label);
                    thread.has_returned = true;
                    this.harvest();
                }
                if (more === "more" && this.is_short(thread) && !this.adds_up(thread)) {
                    // The replies come one by one: a click now would ask for the same ones twice
                    await settle(() => `${this.harvest()} ${text_of(this.more_button(thread))}`, ceiling);
                }
                if (more === "redrawn") thread.redrawn += 1;
                if (!more || thread.redrawn > 20) thread.gave_up = true;
            }
        }

        /* A list that draws only what is in sight may have taken a thread away before it was opened, or a row before it
           was read: go through it once more, half a screen at a time */
        async sweep(ceiling, with_replies) {
            const scroller = comment_scroller();
            if (!scroller || this.threads.every((thread) => thread.element.isConnected)) return;
            for (let top = 0; state.stops < 2 && this.total < this.limit; top += scroller.clientHeight / 2) {
                scroller.scrollTop = top;
                await frames(3);
                this.harvest();
                if (with_replies) await this.open_all_replies(ceiling);
                if (top >= scroller.scrollHeight - scroller.clientHeight) return;
            }
        }

        async open_all_replies(ceiling) {
            for (const thread of [...this.threads]) await this.open_replies(thread, ceiling);
        }

        // Does the button offer just what is left? Then the page is done with the last click
        adds_up(thread) {
            const offered = read_count(text_of(this.more_button(thread)));
            return offered !== null && offered.low + thread.replies.length === thread.announced?.low;
        }

        visible_replies(thread) {
            return thread.replies.filter((reply) => reply.element.isConnected).length;
        }

        // Have as many comments come, or been announced, as the page counts? (some pages count replies, some do not)
        is_counted(count) {
            if (!count?.exact) return false;
            const size = ({ replies, announced }) => 1 + Math.max(replies.length, announced?.exact ? announced.low : 0);
            const announced = this.threads.reduce((sum, thread) => sum + size(thread), 0);
            return announced === count.low || this.threads.length === count.low;
        }

        has_counted() {
            return this.is_counted(read_count(text_of(find("comment_count"))));
        }

        // Load everything; returns why it ended
        async load(ceiling, with_replies) {
            const end = await this.load_down(ceiling, with_replies);
            const is_short = with_replies && this.threads.some((thread) => this.is_short(thread));
            if (end !== "nothing more came" && !(end === "count reached" && is_short)) return end;
            await this.sweep(ceiling, with_replies);
            return this.has_counted() ? "count reached" : end;
        }

        async load_down(ceiling, with_replies) {
            for (;;) {
                this.harvest();
                if (with_replies) await this.open_all_replies(ceiling);
                if (state.stops > 1) return "stopped";
                const known = this.total;
                if (this.has_counted()) {
                    // Whether a page counts replies is a guess where there are some, and a short look is cheap
                    if (this.threads.every((thread) => thread.announced === null)) return "count reached";
                    scroll_comments();
                    await frames(3);
                    const more = await wait_until(() => this.harvest() > known, Math.min(ceiling, 4 * SETTLED), null, false);
                    if (!more) return "count reached";
                    continue;
                }
                if (this.total >= this.limit) return "limit";
                const grown = await wait_until(() => state.stops > 1 || this.harvest() > known, ceiling, scroll_comments);
                if (!grown) return "nothing more came";
            }
        }

        is_complete(end, with_replies) {
            const count = read_count(text_of(find("comment_count")));
            const is_short = this.threads.some((thread) => this.is_short(thread));
            if (end === "count reached") return with_replies ? !is_short : this.threads.every((thread) => !thread.announced);
            if (end !== "nothing more came" || is_short || count?.exact || (count && this.total < count.low)) return false;
            return null;
        }

        // Rows are not drawn in one go: what was not there yet when a comment was first seen
        complete_rows() {
            const css = comment_css();
            for (const entry of this.threads.flatMap((thread) => [thread, ...thread.replies])) {
                if ((entry.time !== null && entry.likes !== null) || this.of_element.get(entry.element) !== entry) continue;
                if (entry.element.isConnected) this.read_details(entry, css);
            }
        }

        records() {
            this.complete_rows();
            const list = [];
            for (const thread of this.threads) {
                const parent = list.length;
                for (const entry of [thread, ...thread.replies]) {
                    if (list.length >= this.limit) return list;
                    const is_reply = entry !== thread;
                    list.push({
                        "commenter-username": entry.username,
                        "comment-text": entry.text,
                        "time-posted": entry.time,
                        "like-count": entry.likes,
                        "replies-count": entry.announced?.text ?? (entry.replies.length ? String(entry.replies.length) : ""),
                        "reply-to": is_reply ? parent : null,
                        "reply-to-username": is_reply ? entry.answered ?? thread.username : null,
                        "comment-id": entry.id,
                    });
                }
            }
            return list;
        }
    }

    function last_row() {
        const rows = document.querySelectorAll(comment_css().rows);
        return rows[rows.length - 1] ?? find("comment_list");
    }

    function comment_scroller() {
        for (let up = last_row(); up && up !== document.body; up = up.parentElement) {
            const overflow = getComputedStyle(up).overflowY;
            if ((overflow === "auto" || overflow === "scroll") && up.scrollHeight > up.clientHeight) return up;
        }
        return document.scrollingElement;
    }

    // Lists load more when their end comes into sight; at the end already, only a move makes them look again
    function scroll_comments() {
        const last = last_row();
        if (!last) return;
        const scroller = comment_scroller();
        // Only as far as the last row there is: a list that draws what is in sight would leave out what we jump over
        const top = scroller === document.scrollingElement ? 0 : scroller.getBoundingClientRect().top;
        const wanted = scroller.scrollTop + last.getBoundingClientRect().bottom - top - 40;
        const end = scroller.scrollHeight - scroller.clientHeight;
        if (Math.abs(scroller.scrollTop - Math.min(wanted, end)) > 1) {
            scroller.scrollTop = wanted;
            return;
        }
        scroller.scrollTop -= 40;
        // Both moves in one frame would be none
        setTimeout(() => { scroller.scrollTop = scroller.scrollHeight; }, 30);
    }

    // ------------------------------------------------------------------------------------------------ captions

    async function read_captions(ceiling) {
        // A track without a kind holds subtitles
        const kinds = "track[kind='captions'], track[kind='subtitles'], track:not([kind])";
        const tracks = [...document.querySelectorAll(kinds)];
        if (!tracks.length) return [];
        for (const track of tracks) {
            // A track that is off is not even loaded
            if (track.track.mode === "disabled") track.track.mode = "hidden";
        }
        await wait_until(() => tracks.every((track) => track.readyState >= HTMLTrackElement.prototype.LOADED), ceiling);
        return tracks.map((track) => {
            const cues = track.readyState === HTMLTrackElement.prototype.LOADED ? track.track.cues : null;
            const words = (cue) => cue.getCueAsHTML().textContent.trim();
            const segments = cues && [...cues].map((cue) => ({ start: cue.startTime, end: cue.endTime, text: words(cue) }));
            return {
                "language": track.srclang || null,
                "label": track.label || null,
                "src": track.src || null,
                "text": segments && segments.map((segment) => segment.text).join(" "),
                "segments": segments,
            };
        });
    }

    // ---------------------------------------------------------------------------------------------- one post

    const KEYS = [
        "video-src", "coverphoto-src", "permalink", "web-id", "id", "like-count", "comment-count", "creator-username",
        "creator-nickname", "time-posted", "music-title", "music-src", "description", "comments", "scrape-timestamp",
    ];

    function error_record(reason) {
        const address = post_in(location.href);
        const record = Object.fromEntries(KEYS.map((key) => [key, null]));
        return {
            ...record,
            "permalink": location.href,
            "id": address?.id ?? null,
            "scrape-timestamp": Date.now() / 1000,
            "status": "error", "reason": reason, "missing": missing_parts(),
            "media-type": null, "slide-srcs": null, "captions": null,
            "comments-complete": null, "comments-end": null, "scraper": FORMAT,
        };
    }

    // What the page shows before we move on, so that none of it is taken for the next post
    function snapshot() {
        const css = comment_css();
        const rows = new WeakMap();
        for (const text of document.querySelectorAll(css.rows)) rows.set(text, fingerprint(text, css));
        const header = read_header();
        const media = read_media(post_in(header["permalink"])?.kind === "photo" ? "photo" : null);
        return {
            address: location.href,
            id: post_in(header.permalink)?.id ?? null,
            header: header_key(header),
            rows,
            video: media["video-src"],
            cover: media["coverphoto-src"],
            slides: JSON.stringify(media["slide-srcs"]),
        };
    }

    // Without the permalink: some pages derive it from the address, and the address changes before the content
    function header_key(header) {
        return JSON.stringify(Object.entries(header).filter(([key]) => key !== "permalink"));
    }

    function has_header(header) {
        return header["permalink"] !== null || header["creator-username"] !== null || header["description"] !== null;
    }

    // Is the post of the address on the screen, and nothing of the one before?
    function has_arrived(before) {
        const header = read_header();
        if (!has_header(header)) return false;
        const address = post_in(location.href);
        const shown = post_in(header["permalink"]);
        if (address && shown && address.id !== shown.id) return false;
        return before === null || header_key(header) !== before.header;
    }

    async function arrive(before, ceiling) {
        if (!(await wait_until(() => has_arrived(before), ceiling))) {
            const header = read_header();
            if (!has_header(header)) return `nothing of the post came within ${ceiling} ms`;
            return before !== null && header_key(header) === before.header
                ? `the page still showed the post before after ${ceiling} ms`
                : `the page showed another post than its address after ${ceiling} ms`;
        }
        return null;
    }

    function focused_id() {
        return post_in(text_of(find("permalink")))?.id ?? post_in(location.href)?.id ?? null;
    }

    function is_new_media(media, before) {
        const { "video-src": video, "coverphoto-src": cover, "slide-srcs": slides } = media;
        if (media["media-type"] === "photo") {
            return slides.length > 0 && slides.every(Boolean) && JSON.stringify(slides) !== before?.slides;
        }
        return video !== null && video !== before?.video && (cover === null || cover !== before?.cover);
    }

    // Read the post that has arrived
    async function read_post(before, ceiling, options) {
        const shown = post_in(text_of(find("permalink"))) ?? post_in(location.href);
        if (!shown) throw new Error("neither the page nor its address names the post's id");
        const kind = shown.kind === "photo" ? "photo" : null;
        const read = () => read_media(kind);
        // The player may still be that of the post before
        await wait_until(() => is_new_media(read(), before), ceiling);
        await settle(() => JSON.stringify([read_header(), read()]), ceiling);
        if (!has_arrived(before)) throw new Error("the page changed while it was read");
        const header = read_header();
        const media = read();
        if (before && media["video-src"] === before.video) media["video-src"] = null;
        if (before && media["coverphoto-src"] === before.cover) media["coverphoto-src"] = null;
        const are_old_slides = JSON.stringify(media["slide-srcs"]) === before?.slides && before.slides !== "[]";
        const slides = are_old_slides ? [] : media["slide-srcs"].filter(Boolean);
        const has_lost_slides = slides.length < media["slide-srcs"].length;
        media["slide-srcs"] = slides;
        const captions = await read_captions(ceiling);

        const comments = new Comments(before?.rows ?? new WeakMap(), options.max_comments);
        const end = await comments.load(ceiling, options.replies);
        const count = text_of(find("comment_count"));
        if (focused_id() !== shown.id) throw new Error("the page moved on to another post while it was read");
        if (!media["video-src"] && !media["slide-srcs"].length && !header["creator-username"] && !header["description"]) {
            throw new Error("the page shows nothing of the post but its link");
        }

        const record = {
            ...media,
            ...header,
            "permalink": header["permalink"] ?? location.href,
            "web-id": /[?&]web_id=(\d+)/.exec(header["permalink"] ?? "")?.[1] ?? null,
            "id": shown.id,
            "comment-count": count ?? header["comment-count"],
            "comments": comments.records(),
            "scrape-timestamp": Date.now() / 1000,
        };
        const unneeded = media["media-type"] === "photo" ? ["video-src", "coverphoto-src"] : [];
        const missing = KEYS.filter((key) => record[key] === null && !unneeded.includes(key));
        return {
            ...Object.fromEntries(KEYS.map((key) => [key, record[key]])),
            "status": "ok",
            "reason": null,
            "missing": has_lost_slides ? [...missing, "slide-srcs"] : missing,
            "media-type": media["media-type"],
            "slide-srcs": media["slide-srcs"],
            "captions": captions,
            "comments-complete": comments.is_complete(end, options.replies),
            "comments-end": end,
            "scraper": FORMAT,
        };
    }

    async function extract_tiktok_information(delay = DEFAULT_DELAY) {
        const ceiling = ceiling_of(delay);
        const fault = await arrive(null, ceiling);
        return fault ? error_record(fault) : read_post(null, ceiling, options_of({}));
    }

    // --------------------------------------------------------------------------------------------- self-check

    function missing_parts() {
        const media = read_media(post_in(text_of(find("permalink")) ?? location.href)?.kind === "photo" ? "photo" : null);
        const count = read_count(text_of(find("comment_count")));
        const is_needed = {
            always: true,
            video: media["media-type"] !== "photo",
            photo: media["media-type"] === "photo",
            comments: css_in_use("comment_text") !== null,
            sometimes: false,
        };
        // The last post of a feed has no button to the next one
        const is_last = find("previous_button") !== null;
        return Object.keys(SELECTORS).filter((name) =>
            css_in_use(name) === null
            && (is_needed[SELECTORS[name].need] || (name === "comment_text" && count !== null && count.low > 0))
            && !(name === "next_button" && is_last));
    }

    function check_page() {
        const missing = missing_parts();
        const found = {};
        for (const name of Object.keys(SELECTORS)) found[name] = css_in_use(name);
        const fallbacks = Object.keys(SELECTORS).filter((name) =>
            SELECTORS[name].need !== "sometimes" && found[name] !== null && found[name] !== SELECTORS[name].css[0]);
        for (const name of missing) console.warn(`[scraper] cannot find ${name}; tried: ${SELECTORS[name].css.join("  |  ")}`);
        if (fallbacks.length) console.info(`[scraper] found by a fallback only: ${fallbacks.join(", ")}`);
        if (!missing.length) console.info("[scraper] every part of the page was found");
        return { ok: missing.length === 0, missing, fallbacks, found };
    }

    // --------------------------------------------------------------------------------------- state that survives

    const DATABASE = "tiktok-retrieval-scraper";
    const TAB_KEY = "tiktok-retrieval-scraper:run";
    let has_warned = false;

    function promised(request) {
        return new Promise((resolve, reject) => {
            request.onsuccess = () => resolve(request.result);
            request.onerror = () => reject(request.error);
        });
    }

    // Work on the stores `runs` (name, wanted, is_over, started_at) and `records` (run, position, record); null if the
    // browser refuses
    async function with_store(mode, work) {
        try {
            const opening = indexedDB.open(DATABASE, 1);
            opening.onupgradeneeded = () => {
                opening.result.createObjectStore("runs", { keyPath: "name" });
                opening.result.createObjectStore("records", { keyPath: ["run", "position"] });
            };
            const database = await promised(opening);
            try {
                const transaction = database.transaction(["runs", "records"], mode);
                const done = new Promise((resolve, reject) => {
                    transaction.oncomplete = resolve;
                    transaction.onabort = transaction.onerror = () => reject(transaction.error);
                });
                const value = await work(transaction.objectStore("runs"), transaction.objectStore("records"));
                await done;
                return value;
            } finally {
                database.close();
            }
        } catch (error) {
            if (!has_warned) {
                console.warn(`[scraper] the browser does not store the records (${error}): save them before you leave`);
            }
            has_warned = true;
            return null;
        }
    }

    const records_of = (run) => IDBKeyRange.bound([run, 0], [run, Infinity]);

    function tab_run(name) {
        try {
            if (name !== undefined) sessionStorage.setItem(TAB_KEY, name);
            return sessionStorage.getItem(TAB_KEY);
        } catch {
            return null;
        }
    }

    async function stored_results() {
        return await with_store("readonly", async (runs, records) => {
            const list = await promised(runs.getAll());
            for (const run of list) run.records = await promised(records.count(records_of(run.name)));
            return list;
        }) ?? [];
    }

    async function load_records(run) {
        const rows = await with_store("readonly", (runs, records) => promised(records.getAll(records_of(run)))) ?? [];
        return rows.map((row) => row.record);
    }

    async function forget_results(run = null) {
        if (state.is_running) throw new Error("a run is going on: stop_scraping() first");
        await with_store("readwrite", async (runs, records) => {
            if (run === null) await Promise.all([promised(runs.clear()), promised(records.clear())]);
            else await Promise.all([promised(runs.delete(run)), promised(records.delete(records_of(run)))]);
        });
        if (run === null || run === state.run) {
            state.run = null;
            state.results = [];
        }
    }

    async function save_record(run, position, record) {
        await with_store("readwrite", async (runs, records) => {
            runs.put(run);
            records.put({ run: run.name, position, record });
            if (position > 0) return;
            // A new run has something to show: what was finished before the last one has served
            const over = (await promised(runs.getAll())).filter((other) => other.is_over && other.name !== run.name);
            for (const other of over.sort((one, two) => two.started_at - one.started_at).slice(1)) {
                runs.delete(other.name);
                records.delete(records_of(other.name));
            }
        });
    }

    // ---------------------------------------------------------------------------------------------- the run

    function ceiling_of(delay) {
        const given = typeof delay === "object" && delay !== null ? delay.delay : delay;
        const ceiling = Number(given ?? DEFAULT_DELAY);
        if (!(ceiling > 0)) throw new RangeError(`delay must be a number of milliseconds above 0, not ${given}`);
        return ceiling;
    }

    function options_of(options) {
        const { max_comments = Infinity, replies = true, run = null } = options ?? {};
        return { max_comments: max_comments ?? Infinity, replies, run };
    }

    async function open_run(wanted, name) {
        const runs = await stored_results();
        const known = runs.find((run) => run.name === (name ?? tab_run()));
        if (known && !known.is_over) {
            const records = await load_records(known.name);
            console.info(`[scraper] going on with run ${known.name}, which has ${records.length} records`
                + " (forget_results() starts anew)");
            return { run: { ...known, wanted }, records, last: null };
        }
        const others = runs.filter((run) => !run.is_over && run.name !== name);
        if (others.length) {
            const names = others.map((run) => `${run.name} (${run.records} records)`).join(", ");
            console.info(`[scraper] unfinished runs of other tabs: ${names}; download_results(name) saves one`);
        }
        const last = known ? (await load_records(known.name)).at(-1)?.id ?? null : null;
        const fresh = name ?? `run_${new Date().toISOString().replace(/[:.]/g, "-")}`;
        return { run: { name: fresh, wanted, is_over: false, started_at: Date.now() / 1000 }, records: [], last };
    }

    async function next_post(ceiling) {
        const is_enabled = (one) => !one.disabled && one.getAttribute("aria-disabled") !== "true";
        const button = await wait_until(() => find_all("next_button").find(is_enabled), ceiling);
        if (!button) return { moved: false, why: "end of feed" };
        const before = snapshot();
        button.click();
        const moved = await wait_until(() => location.href !== before.address || has_arrived(before), ceiling);
        return moved ? { moved: true, before } : { moved: false, why: "the page does not move on" };
    }

    function say(results, wanted, began, what) {
        const seconds = Math.round((Date.now() - began) / 1000);
        const errors = results.filter((record) => record.status === "error").length;
        const { waits, ceilings } = state.counters;
        console.info(`[scraper] ${results.length}/${wanted} ${what} (${errors} errors, `
            + `${ceilings} of ${waits} waits hit the ceiling, ${seconds} s)`);
    }

    function say_record(record) {
        if (record.status === "error") return `${record.id ?? "?"}: ERROR ${record.reason}`;
        const whole = { true: "whole", false: "NOT WHOLE", null: "as far as one can tell" }[record["comments-complete"]];
        const missing = record.missing.length ? `, without ${record.missing.join(", ")}` : "";
        return `${record.id}: ${record["media-type"]}, ${record.comments.length} comments, ${whole}${missing}`;
    }

    async function scrape_tiktoks(n_to_scrape, delay = DEFAULT_DELAY, options = {}) {
        const wanted = Number(n_to_scrape);
        if (!Number.isInteger(wanted) || wanted < 1) {
            throw new RangeError(`the number of TikToks must be a whole number above 0, not ${n_to_scrape}`);
        }
        const ceiling = ceiling_of(delay);
        const settings = options_of({ ...(typeof delay === "object" && delay !== null ? delay : {}), ...options });
        if (state.is_running) throw new Error("a run is going on already: wait for it, or stop_scraping()");
        state.is_running = true;
        state.stops = 0;
        Object.assign(state.counters, { waits: 0, ceilings: 0 });
        const began = Date.now();
        try {
            const { run, records: results, last } = await open_run(wanted, settings.run);
            tab_run(run.name);
            const progress = { run: run.name, state: "running", wanted, repeats: 0, missing: [] };
            Object.assign(state, { run: run.name, results, progress });

            let before = null;
            // With nothing on the page that we know, there is no post whose failure could be told
            await wait_until(() => has_header(read_header()) || find("next_button"), ceiling);
            if (!find("next_button") && !find("previous_button") && !has_header(read_header())) {
                progress.state = "wrong layout";
                throw new Error("this is not the layout with visible comments; cannot find "
                    + `${check_page().missing.join(", ")}. Open a post, then call again.`);
            }

            await wait_until(() => has_arrived(null), ceiling);
            const here = focused_id();
            let must_move = here !== null && (here === last || results.some((record) => record.id === here));
            let repeats_in_a_row = -results.length;
            progress.state = "count reached";
            while (results.length < wanted) {
                progress.state = "running";
                if (state.stops) { progress.state = "stopped"; break; }
                if (must_move) {
                    await rest(Math.min(COURTESY, ceiling / 10));
                    const step = await next_post(ceiling);
                    if (!step.moved) { progress.state = step.why; break; }
                    before = step.before;
                }
                must_move = true;
                let record;
                try {
                    const fault = await arrive(before, ceiling);
                    const id = focused_id();
                    if (!fault && results.some((other) => other.id === id && other.status === "ok")) {
                        progress.repeats += 1;
                        repeats_in_a_row += 1;
                        say(results, wanted, began, `${id}: seen before, passed over`);
                        if (repeats_in_a_row >= REPEATS_IN_A_ROW) { progress.state = "the feed repeats itself"; break; }
                        continue;
                    }
                    record = fault ? error_record(fault) : await read_post(before, ceiling, settings);
                } catch (error) {
                    record = error_record(`${error.name}: ${error.message}`);
                }
                repeats_in_a_row = 0;
                // Only now have the comments had their time to come
                if (results.length === 0) progress.missing = check_page().missing;
                results.push(record);
                await save_record(run, results.length - 1, record);
                say(results, wanted, began, say_record(record));
                progress.state = "count reached";
            }
            run.is_over = progress.state !== "stopped";
            await with_store("readwrite", (runs) => promised(runs.put(run)));
            say(results, wanted, began, `done: ${progress.state}; download_results() saves them`);
            return results;
        } finally {
            state.is_running = false;
        }
    }

    function scrape_progress() {
        const errors = state.results.filter((record) => record.status === "error").length;
        const incomplete = state.results.filter((record) => record["comments-complete"] === false).length;
        const { is_running, progress, results, counters } = state;
        return { ...progress, is_running, records: results.length, errors, incomplete, ...counters };
    }

    function stop_scraping() {
        state.stops += 1;
        // Waits look again when the page changes
        document.documentElement.dataset.scraperStopped = String(Date.now());
    }

    async function download_results(run = null) {
        const records = run === null && state.results.length ? state.results : await load_records(run ?? tab_run());
        const link = document.createElement("a");
        const name = `tiktoks_${new Date().toISOString().slice(0, 19).replace(/[:T]/g, "-")}.json`;
        link.href = URL.createObjectURL(new Blob([JSON.stringify(records)], { type: "application/json" }));
        link.download = name;
        document.body.append(link);
        link.click();
        link.remove();
        setTimeout(() => URL.revokeObjectURL(link.href), 60000);
        console.info(`[scraper] ${records.length} records saved as ${name}; move the file into data/info/`);
        return name;
    }

    // For a driver, which wants text: lone halves of characters survive only as escapes
    async function stored_records_text(run) {
        const records = await load_records(run);
        // A browser that stores nothing, or no more, still has them in the page
        return JSON.stringify(state.run === run && state.results.length > records.length ? state.results : records);
    }

    // Assigned, not declared: so the script can be pasted twice, and `delay` stays free for the line that calls
    Object.assign(globalThis, {
        scrape_tiktoks, extract_tiktok_information, check_page, scrape_progress, stop_scraping,
        download_results, stored_results, stored_records_text, forget_results,
    });
    console.info("[scraper] ready: results = await scrape_tiktoks(100, delay=2000);");
    if (has_header(read_header())) check_page();
    else console.info("[scraper] open a post, so that its comments are beside it, then enter that line");
})();
