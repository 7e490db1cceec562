/** The default theme of VitePress with the project's colours and its figures. */
import DefaultTheme from 'vitepress/theme-without-fonts';
import './style.css';

export default DefaultTheme;
