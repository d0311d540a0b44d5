. "${0%/*}/lib.sh"
. "$here/svctl.sh"
cd "$T" || exit 111
unit web <<'EOF'
exec = ["sleep", "1000"]
EOF
enabled
compile
managed
ctl start web; ctl stop web
strace -f -r svctl --prefix "$T" start web 2>/tmp/moves-strace.svctl
ctl stop web
strace -f -r svc-change --dir "$run" --generations "$lib" up web 2>/tmp/moves-strace.change
ctl stop web
python3 - <<EOF
import subprocess,time,os,statistics
def t(argv):
    a=time.perf_counter(); subprocess.run(argv,stdout=subprocess.DEVNULL); return (time.perf_counter()-a)*1e6
T="$T"; r={}
for i in range(40):
    for n,a in (("change",["svc-change","--dir","$run","--generations","$lib","--quiet"]),("svctl",["svctl","--prefix",T])):
        r.setdefault(n,[]).append(t(a+(["up","web"] if n=="change" else ["start","web"])))
        subprocess.run(a+(["down","web"] if n=="change" else ["stop","web"]),stdout=subprocess.DEVNULL)
print({n:(statistics.median(v),min(v)) for n,v in r.items()})
EOF
