"""`cad2real serve`: the page and the JSON interface that answer which part a photo shows.

From low to high: `words` (both languages), `feedback` (what people confirmed), `pictures` (views and thumbnails),
`upload` (a photo from a client, decoded by `search.seeing.guarded_photos`), `metrics` (Prometheus), `https`
(certificates of our own), `live` (the project's search, taken anew when its index changes; a bounded queue),
`question` (what is asked beside the photo), `answers` (what is said of parts), `sharing` (an answer for somebody
else), `project` (its runs, report and labelled photos), `slow_clients` (connections that say little), `guard` (who may
ask what: hosts, origins, token, limits, headers), `api` (JSON), `pages` and `project_pages` (HTML, in templates/ and
static/), `shell` (what makes it an app on phones), `app` (all of it together), `serve` (listens).
"""
