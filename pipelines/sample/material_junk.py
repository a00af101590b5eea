# ruff: noqa: E501  (lists of phrases)
"""Text that no corpus should keep: keyword spam in both languages, pages of a few words. Written here."""

SPAM_EN = (
    "cheap designer watches|luxury replica bags|fast personal loans|online casino bonus|discount phone cases|"
    "weight loss tea|free spins jackpot|best hotel deals|crypto signals vip|car insurance quotes|essay writing service|"
    "instant payday cash|brand sunglasses outlet|poker chips bonus|cheap flights promo"
)
SPAM_TAIL_EN = "buy now|click here|best price|free shipping|limited offer|order today|100% legit|no deposit|top rated"
SPAM_ZH = (
    "娱乐城注册送彩金|真人百家乐开户|时时彩稳赚计划|六合彩精准资料|老虎机爆分技巧|足球投注平台|棋牌游戏下载|"
    "私彩代理加盟|彩票走势预测|网上赌场试玩|体育竞猜返水|捕鱼达人上分|快三大小单双|北京赛车开奖|电子游艺首存"
)
SPAM_TAIL_ZH = "官网入口|点击进入|加微信领取|信誉第一|秒到账|首存优惠|免费试玩|高额返利|最新网址"

JUNK_EN = (
    "Page not found.|Loading, please wait...|Coming soon!|Log in to continue|Image 3 of 12|No results.|Sold out|"
    "Test post please ignore|Untitled document|Next page|0 comments so far|Photo: archive|Session expired|Under construction"
)
JUNK_ZH = (
    "暂无内容|页面正在加载……|敬请期待！|请登录后查看|图3/12|没有找到结果|已售罄|测试文章，请忽略|无标题文档|下一页|0条评论|"
    "资料图片|会话已过期|栏目建设中"
)

ROBOTS = "User-agent: *\nDisallow: /admin/\nDisallow: /search\nCrawl-delay: 5\n"
