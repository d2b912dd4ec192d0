/** As much of jsdom as is used here; it comes without types. */
declare module 'jsdom' {
  export class VirtualConsole {
    on(kind: 'warn' | 'error' | 'jsdomError', told: (...what: unknown[]) => void): this
  }
  export class JSDOM {
    constructor(html: string, options: Readonly<Record<string, unknown>>)
    // oxlint-disable-next-line typescript/no-explicit-any -- a browser's window, which this program's types do not know
    readonly window: any
  }
}
