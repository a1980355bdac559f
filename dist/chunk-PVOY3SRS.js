import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a as t}from"./chunk-KATRNFBN.js";import{e as o}from"./chunk-B6VYLIUS.js";import{a as e}from"./chunk-JO6M2EVI.js";var i=224;function n(r){return t(Math.max(r.width,r.height)<=i?r:o(r,i))}e(n,"encode");var c={url:new URL("./encodeWorker.js",import.meta.url).href,run:n};export{n as a,c as b};
