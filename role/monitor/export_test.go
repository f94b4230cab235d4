package monitor

// PageHandler serves the page to the tests that look at it in a browser.
var PageHandler = pageHandler
