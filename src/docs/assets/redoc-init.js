/* global Redoc, document, location, URL */

// Relative: the service may lie below a path of a proxy.
Redoc.init(
  new URL('openapi.json', location.href).href,
  {
    expandResponses: '200,201,202,204',
    hideDownloadButton: false,
    sortRequiredPropsFirst: true,
    theme: {
      colors: { primary: { main: '#1f5f5b' } },
      typography: {
        fontFamily: 'system-ui, sans-serif',
        headings: { fontFamily: 'system-ui, sans-serif' },
        code: { fontFamily: 'ui-monospace, monospace' },
      },
    },
  },
  document.getElementById('redoc'),
);
