import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a as t}from"./chunk-ES764U7P.js";import{a as o}from"./chunk-6TUPG6GF.js";import{a as e}from"./chunk-JO6M2EVI.js";var r=class extends o{static{e(this,"DeflateDecoder")}decodeBlock(f){return t(new Uint8Array(f)).buffer}};export{r as default};
