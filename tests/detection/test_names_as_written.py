"""Some hundred names as people write them, each alone in a demand, and the standing domain.md gives it."""

from datetime import date

import pytest

from detection import scan
from vocabulary.codes import Status, Usage

DAY = date(2026, 11, 1)

AS_WRITTEN = {
    Status.CANCELLED: """
        会计证 会计上岗证 会计从业资格证 会计从业证 会计资格证书 会计从业资格 全国会计从业资格证书
        统计证 统计从业资格证 物业管理师证 注册物业管理师 造价员证 全国造价员资格证书 土建造价员证
        报关员证 报关证 报关员资格证书 报检员证 招标师证 企业法律顾问证 注册税务师证 价格鉴证师证
        进网许可证 电工进网作业许可证 高压进网证 房地产经纪人证 经纪人资格证书 保险代理人证
        江苏会计证 会计从业上岗证 相应专业三级造价员资格证书 理财规划师二级证书 市场管理员职业资格证书
        保险从业资格证 理财规划师证 企业培训师证 采购师证 营销师证 商务策划师证
    """,
    Status.EXITED: """
        心理咨询师证 二级心理咨询师 国家二级心理咨询师证书 三级心理咨询师证 人力资源管理师证
        三级人力资源管理师 HR资格证书 人力资源师二级证书 育婴师证 高级育婴师证 保育员证 保育员资格证
        营养师证 公共营养师证 高级电工证 中级电工证书 中级焊工证 钳工证 厨师证 高级厨师证 美容师证
        美发师证 茶艺师证 食品检验工证 化验员证 健康管理师证 劳动关系协调员证 养老护理员证 家政服务员证
        焊工中级证书 电子商务中级证 人力资源四级等级证书 初级育婴师国家资格证书
        车工证 焊工职业资格证 电工职业资格证书 养老护理员职格证书 制图员证 物业管理员职业资格证
    """,
    Status.ACCESS: """
        教师证 教师资格证 小学教师证 小学及以上教师资格证书 高中教师资格证 护士证 护士执业证书
        护士资格证 一建证 二建证 一级建造师证 注册一级建造师 二级建造师证书 监理工程师证 注册会计师证
        CPA证书 律师证 律师执业证 法律职业资格证 司法考试证书 执业医师证 执业药师证 电工证 低压电工证
        焊工证 登高证 高空作业证 叉车证 电梯证 保安员证 导游证 消防设施操作员证 注册安全工程师证
        低压证 质监局特种设备人员操作证 特种行业IC卡操作证 高低压操作证书 二级建造师临时执业证书
        一级造价工程师证 客运从业资格证 货运上岗证 押运员证 驾驶员道路资格证
    """,
    Status.LEVEL: """
        社工证 社会工作者证 助理社会工作师证 资产评估师证 税务师证 证券从业资格证 基金从业资格证
        银行从业资格证 期货从业资格证 房地产经纪人协理证 软考证书
    """,
    Status.LAWFUL_OTHER: """
        驾驶证 C1驾照 健康证 普通话证 普通话二级甲等证书 英语四级证书 CET6证书 计算机二级证书 ACCA证书
        PMP证书 CCNA证书 中级会计师职称 高级工程师职称 工程师职称 会计师证 会计员证书
        园林工程师证 机电工程师资格证 公证员证 安全员证 安全员C证
        C1及以上驾照 A2牌驾照 园林建筑中级工程师职称 普通话过级证书 全国计算机二级VB证书
        职业技能等级证书
    """,
    Status.OFF_CATALOGUE: """
        催乳师证 健身教练证 施工证 施工员证 质检员证 材料员证 资料员证 预算员证 物业上岗证 物业经理证
        全国计算机专业人才证书 高级催乳师职业技能证
        瑜伽教练证 中国注册室内设计师证书 中国注册景观设计师证书
    """,
    Status.GENERIC: "相关证书 相关资格证书 从业资格证 职业资格证书 上岗证 执业资格证书",
}

NAMES = [(name, status) for status, names in AS_WRITTEN.items() for name in names.split()]


@pytest.mark.parametrize(("name", "status"), NAMES)
def test_a_name_as_people_write_it_has_its_standing(name: str, status: Status) -> None:
    mentions = scan(
        f"岗位要求：\n1、大专以上学历；\n2、须持有{name}；\n", as_of=DAY, title="招聘文员"
    ).mentions
    assert [mention.status for mention in mentions] == [status]
    assert mentions[0].usage is Usage.REQUIRED
    assert mentions[0].quote in name
