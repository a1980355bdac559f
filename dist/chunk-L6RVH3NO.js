import{createRequire as barlowRequire}from'node:module';const require=barlowRequire(import.meta.url);
import{a as o}from"./chunk-JO6M2EVI.js";function c(n,r,e,m){let b=e-n,i=m-r;return n*i<=b*r?0:Math.max(0,t(n,r)+t(b,i)-t(e,m))}o(c,"logLikelihoodRatio");function t(n,r){return u(n)+u(r-n)-u(r)}o(t,"logLikelihood");function u(n){return n===0?0:n*Math.log(n)}o(u,"xLogX");export{c as a,u as b};
