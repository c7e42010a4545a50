"""The report in headless Chromium: its videos show what tells most and play, and it fits a phone."""

import json
import shutil
import subprocess
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue

import pytest
from report_runs import make_run

from a2d.report.material import read_runs
from a2d.report.page import write_report

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None
)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",  # with nothing to dump, Chromium stays until it is told to go
)
WATCH = """<script>
const watched = [...document.querySelectorAll("video")];
const late = new Promise(done => setTimeout(done, 20000));
const still = video => new Promise(done => {
  const look = () => video.currentTime > 0 && !video.seeking ? done(video.currentTime) : setTimeout(look, 20);
  look();
});
const report = stills => ({
  videos: watched.map((video, index) => ({
    still: stills && stills[index],
    seconds: video.currentTime, duration: video.duration, width: video.videoWidth, height: video.videoHeight,
    frames: video.getVideoPlaybackQuality().totalVideoFrames, error: video.error && video.error.message,
  })),
  pageWidth: document.documentElement.scrollWidth, windowWidth: window.innerWidth,
});
const stopped = video => new Promise(
  done => ["ended", "error"].forEach(name => video.addEventListener(name, done)));
const played = stills => {
  const all = Promise.all(watched.map(stopped));
  document.querySelectorAll("[data-play]").forEach(button => button.click());
  return Promise.race([all, late]).then(() => stills);
};
Promise.race([Promise.all(watched.map(still)), late]).then(played).then(
  stills => fetch("/told", { method: "POST", body: JSON.stringify(report(stills)) }));
</script></body>"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium in PATH: apt-get install chromium"),
]


class Page(BaseHTTPRequestHandler):
    """Serves a page in a frame as wide as the screen to test, and takes what its script has to tell."""

    def __init__(self, *arguments, page: str, width: int, told: Queue) -> None:
        # Chromium's windows are at least 500 wide, a frame is as narrow as a phone.
        frame = f'<iframe src="/report" style="width: {width}px; height: 900px; border: 0"></iframe>'
        self.pages, self.told = {"/": frame, "/report": page}, told
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self.send_response(200 if self.path in self.pages else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.pages.get(self.path, "").encode())

    def do_POST(self) -> None:
        self.told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format, *arguments) -> None:
        """Keep the test's output clean."""


def open_in_chromium(page: str, folder: Path, *, width: int) -> dict:
    """What the page's script tells after the browser has played its videos."""
    told: Queue = Queue()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Page, page=page, width=width, told=told))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder}", "--window-size=1500,1000"]
    address = f"http://127.0.0.1:{server.server_port}/"
    browser = subprocess.Popen([*command, address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return told.get(timeout=60)
    finally:
        browser.terminate()
        browser.wait(10)
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    runs = [make_run(folder / method, method, videos=2) for method in ("a2d", "ail")]
    write_report(read_runs(runs, suite="heldout"), folder / "report.html", suite="heldout")
    return folder / "report.html"


@pytest.mark.slow
@pytest.mark.parametrize("width", [1400, 390])
def test_every_video_plays_to_its_end_and_the_page_fits(report, tmp_path, width):
    page = report.read_text("utf-8").replace("</body>", WATCH)
    told = open_in_chromium(page, tmp_path, width=width)
    assert len(told["videos"]) == 4
    for video in told["videos"]:
        assert video["error"] is None
        assert (video["width"], video["height"]) == (160, 90)
        assert video["duration"] == pytest.approx(1.0, abs=0.05)
        assert video["seconds"] == pytest.approx(video["duration"], abs=0.05)
        assert video["frames"] > 1
    # seed 0 has a child, whom A2D passes and AIL hits; seed 1 has none
    ends = pytest.approx(0.95, abs=0.06)
    assert [video["still"] for video in told["videos"]] == [pytest.approx(0.4, abs=0.06), ends, ends, ends]
    assert told["pageWidth"] <= told["windowWidth"] == width
