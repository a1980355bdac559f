import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{encode,encodeWorker}from"./chunk-encodeWorker.js";import"./chunk-encodePicture.js";import"./chunk-resize.js";import"./chunk-webp_dec.js";import"./chunk-imageHeader.js";import"./chunk-entry.js";import"./chunk-shared-2.js";export{encode as default,encodeWorker};
