//! Folds a text so that one name has one spelling: traditional characters of place names become simplified, and
//! Latin letters become lower case. Folding keeps the length in bytes, so that offsets are the same in the
//! original. Folded text is searched, never shown.

/// Traditional and simplified, for the characters of the gazetteer; from the one-to-one part of the
/// common conversion tables, without those that simplified names use too (乾 of 乾县). In order of the
/// traditional character.
const PAIRS: &str = "\
    並并 亞亚 佈布 併并 來来 侖仑 侷局 係系 俬私 倉仓 個个 們们 倫伦 偉伟 偽伪 傑杰 傢家 傳传 僑侨 僕仆 僞伪 儀仪 儁俊 儲储\
    兒儿 兗兖 內内 兩两 冊册 凈净 凱凯 別别 則则 剎刹 剛刚 創创 劇剧 劉刘 劍剑 動动 務务 勝胜 勞劳 勸劝 勻匀 匯汇 區区 協协\
    卽即 厤历 叢丛 吳吴 呂吕 員员 唸念 問问 啓启 啟启 喬乔 單单 嚮向 囌苏 國国 圍围 園园 圓圆 圖图 團团 垻坝 堯尧 報报 場场\
    塗涂 墊垫 墰坛 墾垦 壇坛 壘垒 壜坛 壩坝 壯壮 壺壶 壽寿 夢梦 夾夹 奧奥 娛娱 婁娄 孃娘 孫孙 學学 宮宫 實实 寧宁 審审 寬宽\
    寶宝 將将 尋寻 對对 岡冈 峯峰 島岛 峽峡 崍崃 崑昆 崗岗 嵐岚 嶗崂 嶧峄 嶺岭 嶼屿 嶽岳 巖岩 師师 幹干 幾几 庫库 廂厢 廈厦\
    廕荫 廟庙 廠厂 廣广 廳厅 張张 強强 彆别 彌弥 彙汇 彥彦 彿佛 後后 從从 復复 恆恒 悅悦 愛爱 慄栗 慶庆 憑凭 應应 懞蒙 懷怀\
    戲戏 戶户 揚扬 撫抚 撲扑 撾挝 擴扩 敗败 敘叙 數数 斷断 旂旗 昇升 時时 晉晋 暉晖 曆历 曏向 書书 會会 朮术 東东 枴拐 柺拐\
    査查 條条 棗枣 棲栖 楊杨 業业 極极 榦干 榮荣 構构 樂乐 樅枞 樑梁 樓楼 樸朴 樹树 樺桦 橋桥 機机 橫横 檯台 櫃柜 權权 欒栾\
    欽钦 歐欧 歡欢 歷历 歸归 氣气 決决 沖冲 涇泾 涼凉 淥渌 淨净 淩凌 淶涞 渦涡 渾浑 湞浈 湯汤 準准 溝沟 溫温 溮浉 溼湿 滄沧\
    滎荥 滙汇 滬沪 滻浐 滿满 漢汉 漣涟 漵溆 潁颍 潔洁 潛潜 潤润 潯浔 潿涠 澗涧 澠渑 澤泽 澱淀 濕湿 濛蒙 濟济 濤涛 濰潍 濱滨\
    瀏浏 瀘泸 瀟潇 瀾澜 灕漓 灘滩 灣湾 灤滦 為为 烏乌 無无 煙烟 煩烦 熱热 燈灯 營营 爐炉 爲为 爾尔 猶犹 獅狮 獨独 獲获 獻献\
    琿珲 瑤瑶 瑪玛 環环 璿璇 瓊琼 甌瓯 甕瓮 產产 産产 甦苏 甯宁 畢毕 異异 當当 疇畴 疊叠 發发 監监 盤盘 盧卢 盪荡 眞真 眾众\
    矇蒙 硃朱 硤硖 硯砚 碩硕 碭砀 確确 礄硚 礦矿 礱砻 祕秘 祿禄 禪禅 禮礼 稅税 稜棱 稱称 穀谷 積积 穩稳 穫获 窩窝 窪洼 竈灶\
    競竞 箇个 節节 範范 簡简 籃篮 粵粤 糰团 約约 紅红 納纳 級级 紮扎 細细 紹绍 組组 結结 統统 絲丝 絳绛 綏绥 經经 綜综 綠绿\
    綫线 維维 綱纲 網网 綿绵 緑绿 緬缅 練练 縉缙 縣县 總总 績绩 織织 繩绳 繫系 繼继 續续 纔才 罈坛 罎坛 羅罗 羣群 義义 習习\
    聖圣 聞闻 聯联 聶聂 肅肃 脈脉 脩修 脫脱 脹胀 膠胶 臘腊 臥卧 臨临 臺台 與与 興兴 舉举 舊旧 舘馆 艦舰 茲兹 荊荆 莊庄 華华\
    菴庵 菸烟 萊莱 萬万 葉叶 葯药 蒼苍 蓆席 蓋盖 蓮莲 蔔卜 蔣蒋 蔭荫 蕩荡 蕪芜 蕭萧 薊蓟 薌芗 薑姜 薩萨 藍蓝 藝艺 藥药 藴蕴\
    藺蔺 蘄蕲 蘆芦 蘇苏 蘊蕴 蘭兰 蘿萝 處处 號号 蠻蛮 衆众 術术 衕同 衚胡 衛卫 衝冲 裏里 裝装 裡里 製制 複复 覈核 規规 視视\
    覺觉 覽览 觀观 訥讷 設设 許许 詔诏 評评 詞词 話话 誌志 認认 語语 誠诚 誼谊 調调 論论 諸诸 諾诺 謀谋 謙谦 講讲 謝谢 謨谟\
    識识 譙谯 譜谱 議议 護护 讀读 變变 讓让 讚赞 豐丰 貓猫 貝贝 貞贞 財财 貢贡 貴贵 費费 貼贴 貿贸 賀贺 資资 賈贾 賓宾 賚赉\
    賢贤 賬账 賴赖 賽赛 贊赞 贛赣 趙赵 車车 軍军 軾轼 載载 輝辉 輪轮 輿舆 轄辖 辦办 農农 迴回 連连 週周 進进 遊游 運运 達达\
    遙遥 遜逊 遞递 遠远 遷迁 選选 遺遗 遼辽 邁迈 邊边 郟郏 郵邮 鄆郓 鄉乡 鄒邹 鄖郧 鄧邓 鄭郑 鄰邻 鄲郸 鄴邺 醜丑 醫医 釣钓\
    鈡钟 鉉铉 鉛铅 銀银 銅铜 鋒锋 鋼钢 錢钱 錦锦 錫锡 錯错 鎖锁 鎣蓥 鎭镇 鎮镇 鏈链 鏡镜 鏵铧 鐘钟 鐵铁 鑑鉴 鑒鉴 鑲镶 鑼锣\
    鑾銮 長长 門门 閉闭 間间 閔闵 閣阁 閤合 閩闽 閬阆 閻阎 闇暗 關关 陘陉 陝陕 陞升 陣阵 陰阴 陳陈 陸陆 陽阳 隊队 階阶 際际\
    隨随 險险 隱隐 隴陇 雙双 雜杂 雞鸡 離离 雲云 電电 霑沾 靈灵 靜静 鞏巩 鞦秋 韆千 韋韦 韓韩 響响 頂顶 項项 順顺 須须 頓顿\
    頗颇 領领 頤颐 頭头 額额 類类 風风 颱台 飯饭 養养 館馆 饒饶 馬马 馮冯 駐驻 騎骑 騰腾 驊骅 驛驿 體体 髮发 鬆松 鬍胡 鬚须\
    鬥斗 鬱郁 魚鱼 魯鲁 鮁鲅 鮮鲜 鯉鲤 鯊鲨 鰲鳌 鳥鸟 鳩鸠 鳳凤 鳴鸣 鴨鸭 鴻鸿 鵝鹅 鵬鹏 鶴鹤 鷄鸡 鷹鹰 鷺鹭 鹹咸 鹼碱 鹽盐\
    麗丽 麥麦 麫面 麯曲 黃黄 點点 黨党 鼕冬 齊齐 齣出 龍龙 龐庞";

#[derive(Debug)]
pub(super) struct Folder {
    pairs: Vec<(char, char)>,
}

impl Folder {
    pub(super) fn new() -> Self {
        let mut chars = PAIRS.chars().filter(|c| !c.is_whitespace());
        let mut pairs: Vec<(char, char)> =
            std::iter::from_fn(|| Some((chars.next()?, chars.next()?))).collect();
        pairs.sort_unstable();
        Self { pairs }
    }

    /// The folded text, as long in bytes as `text`.
    pub(super) fn fold(&self, text: &str) -> String {
        text.chars().map(|c| self.fold_char(c)).collect()
    }

    fn fold_char(&self, c: char) -> char {
        let folded = match c {
            '\0'..='\u{7f}' => return c.to_ascii_lowercase(),
            '\u{3400}'..='\u{9fff}' => match self.pairs.binary_search_by_key(&c, |&(from, _)| from) {
                Ok(at) => self.pairs[at].1,
                Err(_) => c,
            },
            _ => {
                let mut lower = c.to_lowercase();
                match (lower.next(), lower.next()) {
                    (Some(one), None) => one,
                    _ => c,
                }
            }
        };
        if folded.len_utf8() == c.len_utf8() { folded } else { c }
    }
}
