# shellcheck shell=sh
# lib.sh - for what prepares a virtual machine.

# with_libraries FILE ROOT - copies a program, and what it is linked with, to where they are here.
with_libraries() {
	for file in "$1" $(ldd "$1" | grep -o '/[^ ]*'); do
		mkdir -p "$2${file%/*}"
		cp -L "$file" "$2$file"
	done
}
