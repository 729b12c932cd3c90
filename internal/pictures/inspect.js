// What is wrong with the page in each frame, as lines of text.
const wrong = [], hurt = /hurt/
const luminance = colour => {
	const [r, g, b] = colour.match(/[\d.]+/g).map(n => { n /= 255; return n <= 0.03928 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4 })
	return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
const background = (e, style) => {
	for (; e; e = e.parentElement) {
		const colour = style(e).backgroundColor
		if (colour !== 'rgba(0, 0, 0, 0)') return colour
	}
	return 'rgb(255, 255, 255)'
}
let texts = 0
for (const frame of document.querySelectorAll('iframe')) {
	const page = frame.contentDocument, view = frame.contentWindow, width = frame.clientWidth
	const style = e => view.getComputedStyle(e)
	const say = (what, e) => wrong.push(`${width}: ${what}: ${e.outerHTML.slice(0, 150)}`)
	if (page.documentElement.scrollWidth > width) wrong.push(`${width}: the page is ${page.documentElement.scrollWidth} wide`)
	if (hurt.test(page.title)) wrong.push(`${width}: a text was run as a program`)
	for (const e of page.body.querySelectorAll('*')) {
		if (e.closest('thead, .unseen') && style(e.closest('thead, .unseen')).position === 'absolute') continue
		const own = [...e.childNodes].filter(n => n.nodeType === 3 && n.data.trim())
		if (!own.length) continue
		texts++
		const range = page.createRange()
		range.selectNodeContents(e)
		const box = range.getBoundingClientRect(), room = e.closest('th, td, li, p, h1, h2, div').getBoundingClientRect()
		if (!box.width || box.left < 0 || box.right > width + 1 || box.left < room.left - 1 || box.right > room.right + 1) say('cut off', e)
		if (parseFloat(style(e).fontSize) < 12) say(`letters of ${style(e).fontSize}`, e)
		const [dim, bright] = [luminance(style(e).color), luminance(background(e, style))].sort((a, b) => a - b)
		if ((bright + 0.05) / (dim + 0.05) < 4.5) say(`contrast ${((bright + 0.05) / (dim + 0.05)).toFixed(1)}`, e)
	}
}
document.title = 'inspected'
document.body.replaceChildren(Object.assign(document.createElement('pre'), { textContent: `${texts} texts\n${wrong.join('\n')}` }))
