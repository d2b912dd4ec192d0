import react from '@vitejs/plugin-react'
import { resolve } from 'node:path'
import { defineConfig } from 'vite'

const root = resolve(import.meta.dirname, 'src/admin')

/** Parts of the library that forms are made of, with what they bring along: the frame and some pages do without. */
const INPUTS =
  'Autocomplete|Checkbox|Chip|Combobox|FileInput|InlineInput|MultiSelect|NumberInput|Pill|PillsInput|Radio|Select|Slider|Switch|TagsInput|Textarea'

/** What comes in one file: a module belongs to the first group that it fits, and brings what it imports. */
const GROUPS = [
  {
    name: 'library',
    test: new RegExp(
      `node_modules/(?!uplot/|react-number-format/|react-textarea-autosize/|@mantine/core/esm/components/(${INPUTS})/)`,
    ),
    priority: 4,
  },
  { name: 'inputs', test: /node_modules\/(?!uplot\/)/, priority: 3 },
  {
    name: 'parts',
    test: /src\/(admin\/(parts\/(?!series-|curve-)|words\/|api\/|look\/)|contracts\/)/,
    priority: 2,
  },
  { name: 'charts', test: /node_modules\/uplot\/|admin\/parts\/(series|curve)-/, priority: 1 },
]

/** The app as files that the server hands out below /app/assets (src/server/app-files.ts). */
export default defineConfig({
  root,
  base: '/app/',
  plugins: [react()],
  build: {
    outDir: 'built',
    emptyOutDir: true,
    manifest: 'manifest.json',
    target: 'es2023',
    // Nothing is inlined, since the policy of the pages forbids it.
    assetsInlineLimit: 0,
    // All styles of all pages are little beside those of the library: one file, kept for good, is sooner there than many.
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
    rolldownOptions: {
      input: resolve(root, 'main.tsx'),
      // A browser takes six files at a time from us: what most pages use comes in a few, and not in one for each part.
      output: { codeSplitting: { groups: [...GROUPS] } },
    },
  },
})
