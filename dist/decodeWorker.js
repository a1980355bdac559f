import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{d as a,e as b}from"./chunk-HXZXQ6TZ.js";import"./chunk-D4WQGGFW.js";import"./chunk-XEFKEVEV.js";import"./chunk-JO6M2EVI.js";export{b as decodeWorker,a as default};
