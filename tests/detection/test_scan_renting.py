"""Adverts of certificates that are lent (挂证), as people write them, and texts that only sound like it."""

from __future__ import annotations

from datetime import date

import pytest

from detection import scan
from vocabulary.codes import Usage

LENT = """高价诚聘一级建造师，只挂证不上班
高薪诚寻二级建造师（市政），不坐班，年薪面议
一建机电 求挂靠，初始注册，电话联系
本人有一级注册消防工程师证，寻挂靠单位，不出场
收一级造价工程师、注册结构工程师证书，长期有效
药店求租执业药师证，不用到店
安全工程师证书求挂，一年2万
我司高价收购注册土木工程师证书使用权
求挂：一级建造师（市政）+B证，可出场开标
证书兼职：一级建造师、监理工程师，不坐班，一次性付款
有二级建造师水利证，想挂出去，谁要联系
转让一级造价师使用权，一年3.5万
闲置执业药师证可租，河南本地药店优先
本公司大量收注册类证书，一建、二建、造价均收
诚聘执业药师兼职，证在店人不在店，只挂
监理工程师挂项目总监，不用天天到场""".splitlines()
NOT_LENT = """严禁出租出借一级建造师证书，挂证行为一经发现列入黑名单
公司诚聘一级建造师，须提供三个月社保，不接受挂靠
诚聘二级建造师，挂证勿扰
申请人承诺注册建造师不存在挂靠行为
承诺书：本人一级建造师证书未在其他单位挂靠
收到一级建造师证书后请及时注册
面向社会招收执业药师继续教育学员
公司收取一级建造师考试培训费2000元
心理咨询师兼职，不坐班，按单结算
招聘教师，不坐班，须有教师资格证
专职演出经纪人员的资格证以及办公场所的使用权证明
寻找注册会计师加入我们的团队，五险一金，双休""".splitlines()


def _rented(advert: str) -> list[str]:
    mentions = scan(f"{advert}。\n联系人：王经理。", as_of=date(2026, 11, 1)).mentions
    return [mention.quote for mention in mentions if mention.usage is Usage.RENTING]


@pytest.mark.parametrize("advert", LENT)
def test_an_advert_that_lends_or_seeks_a_paper_without_its_holder_is_renting(advert: str) -> None:
    assert _rented(advert)


@pytest.mark.parametrize("text", NOT_LENT)
def test_what_only_sounds_like_lending_is_none(text: str) -> None:
    assert _rented(text) == []
