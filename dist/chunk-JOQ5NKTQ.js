import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a as r}from"./chunk-6TUPG6GF.js";import{a as o}from"./chunk-JO6M2EVI.js";var e=class extends r{static{o(this,"RawDecoder")}decodeBlock(t){return t}};export{e as default};
