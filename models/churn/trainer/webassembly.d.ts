/** The little of the WebAssembly API that the trainer uses; TypeScript has it only among the browser's types. */
declare namespace WebAssembly {
  interface Memory {
    readonly buffer: ArrayBufferLike
  }
  const Memory: new (size: { initial: number; maximum: number; shared: boolean }) => Memory
  interface Module {
    readonly [Symbol.toStringTag]: 'WebAssembly.Module'
  }
  const Module: new (bytes: Uint8Array<ArrayBuffer>) => Module
  interface Instance {
    readonly exports: Readonly<Record<string, unknown>>
  }
  const Instance: new (module: Module, imports: Record<string, Record<string, unknown>>) => Instance
}
