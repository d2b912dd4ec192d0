/** The app in the browser. What its frame shows comes with the page itself (boot.ts); the rest is asked of the API. */
import '@mantine/core/styles.layer.css'
import '@mantine/notifications/styles.layer.css'
import './look/tokens.css'
import './look/base.css'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { styleNonce } from './boot.ts'

// By this name the part that keeps the page still behind a dialog asks what lets its style in (get-nonce).
Object.assign(window, { __webpack_nonce__: styleNonce() })

const place = document.querySelector('#app')
if (place === null) throw new Error('The page has no place for the app.')
createRoot(place).render(<App />)
