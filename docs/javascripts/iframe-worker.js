// Search in pages that are opened from disk: browsers start no Worker from file://, so this one runs the theme's search
// script in a hidden frame of the page instead. The theme would fetch such a script from the network.
if (location.protocol === "file:") {
  const begin = (frame, url) =>
    new Promise((done, failed) => {
      const script = frame.contentDocument.createElement("script")
      script.src = new URL(url, location.href)
      script.onload = done
      script.onerror = failed
      frame.contentDocument.body.append(script)
    })

  class FrameWorker extends EventTarget {
    constructor(url) {
      super()
      this.onmessage = null
      const frame = document.createElement("iframe")
      frame.hidden = true
      document.body.append(frame)
      const scope = frame.contentWindow
      scope.postMessage = data => {
        const message = new MessageEvent("message", { data })
        this.dispatchEvent(message)
        this.onmessage?.(message)
      }
      scope.importScripts = (...urls) => urls.reduce((last, next) => last.then(() => begin(frame, next)), Promise.resolve())
      this.scope = scope
      this.ready = begin(frame, url)
      this.terminate = () => frame.remove()
    }

    postMessage(data) {
      this.ready.then(() => this.scope.dispatchEvent(new MessageEvent("message", { data })))
    }
  }

  window.IFrameWorker = window.Worker = FrameWorker // the first name is what the theme's search script asks for
}
