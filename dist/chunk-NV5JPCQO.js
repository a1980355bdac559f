import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a as t}from"./chunk-VAYSG6ZJ.js";import{c as o}from"./chunk-OUJIDJ4X.js";import{a as r}from"./chunk-JO6M2EVI.js";var i=224;function n(e){return t(Math.max(e.width,e.height)<=i?e:o(e,i))}r(n,"encode");var s={url:new URL("./encodeWorker.js",import.meta.url).href,run:n};export{n as a,s as b};
